//! The native runtime: chat with tools, in this process.

mod call;
mod chat_wire;
pub(crate) mod failure;
mod http;
mod options;
mod prompt;
mod providers;
pub(crate) mod reports;
pub(crate) mod text;
mod tools;
mod turn;

use crate::{AllowedTools, ArtifactKeeper, RunningTurn, Runtime, TurnRequest};
pub use options::{Coalesce, NativeOptions, TurnLimits};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::Semaphore;
pub use tools::{OfferedTool, offered_tools};

/// Why the native runtime can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// The workspace folder can't be used.
    #[error("the workspace folder {path} can't be used: {source}")]
    Workspaces {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Talks to providers and runs tools in this process.
pub struct NativeRuntime {
    shared: Arc<Shared>,
}

/// What all turns share; made once, because at thousands of turns a second nothing may be made per turn that needn't.
struct Shared {
    providers: Arc<providers::Providers>,
    tools: AllowedTools,
    sandbox: tools::Sandbox,
    workspaces: PathBuf,
    file_jobs: Arc<Semaphore>,
    artifacts: Option<Arc<dyn ArtifactKeeper>>,
    limits: TurnLimits,
    coalesce: Coalesce,
}

impl NativeRuntime {
    /// Prepares everything that turns share.
    pub fn new(options: NativeOptions) -> Result<Self, NativeError> {
        // Fails if the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&options.workspaces)
            .map_err(|source| NativeError::Workspaces { path: options.workspaces.display().to_string(), source })?;
        let shared = Shared {
            providers: Arc::new(providers::Providers::new(options.broker, options.default_model, tools::definitions(&options.tools))),
            tools: options.tools,
            sandbox: tools::Sandbox::default(),
            workspaces: options.workspaces,
            file_jobs: Arc::new(Semaphore::new(tools::FILE_JOBS)),
            artifacts: options.artifacts,
            limits: options.limits,
            coalesce: options.coalesce,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Whether commands of agents run in a sandbox here. Without one they don't run at all. The first call tries it.
    pub async fn has_sandbox(&self) -> bool {
        self.shared.sandbox.is_there().await
    }
}

impl Runtime for NativeRuntime {
    fn start(&self, turn: TurnRequest) -> RunningTurn {
        let shared = Arc::clone(&self.shared);
        RunningTurn::spawn(|events, asks| turn::run(shared, turn, reports::Reports(events), asks))
    }
}
