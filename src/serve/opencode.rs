//! The OpenCode runtime, where it is wanted and can run.

use crate::config::{Config, Environment, runtime_choice::RuntimeChoice};
use cowork_runtime::{
    AllowedTools, Coalesce,
    broker::KeyBroker,
    native::TurnLimits,
    opencode::{self, OpenCodeOptions, OpenCodeRuntime, PoolLimits},
};

/// Sets it up, or says that this process executes turns itself.
pub(super) async fn start(config: &Config, broker: &KeyBroker) -> anyhow::Result<Option<OpenCodeRuntime>> {
    match config.profile.runtime {
        RuntimeChoice::Native => Ok(None),
        RuntimeChoice::OpenCode => match set_up(config, broker).await {
            Ok(runtime) => Ok(Some(runtime)),
            Err(reason) => anyhow::bail!("the profile wants OpenCode, which can't run here: {reason}; see `cowork doctor`"),
        },
        RuntimeChoice::Auto => match set_up(config, broker).await {
            Ok(runtime) => Ok(Some(runtime)),
            Err(reason) => {
                tracing::info!(reason, "turns are executed by this process, because OpenCode can't run here");
                Ok(None)
            }
        },
    }
}

async fn set_up(config: &Config, broker: &KeyBroker) -> Result<OpenCodeRuntime, String> {
    let search = config.execution.search(Environment::of_process().program_path());
    let program = opencode::find(&search).map_err(|error| error.to_string())?;
    let execution = &config.execution;
    let options = OpenCodeOptions {
        program,
        directory: config.storage.opencode_dir(),
        workspaces: config.storage.workspaces_dir(),
        default_model: config.profile.model.clone(),
        tools: AllowedTools::new(config.profile.allowed_tools.as_deref()),
        limits: TurnLimits { turn: config.runtime.turn_timeout, silence: config.runtime.provider_silence, ..TurnLimits::default() },
        coalesce: Coalesce::default(),
        pool: PoolLimits {
            processes: execution.processes,
            idle: execution.idle,
            admission: execution.admission,
            start: execution.start,
            memory: execution.memory,
            threads: execution.threads,
        },
    };
    OpenCodeRuntime::new(options, broker.clone()).await.map_err(|error| error.to_string())
}
