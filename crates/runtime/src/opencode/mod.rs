//! The OpenCode runtime: turns on real OpenCode servers, one process for each organisation and node.
//!
//! OpenCode is never trusted with more than a turn needs. It holds no key (the broker's slots stand in for one), it sees the
//! workspaces of its own organisation's running turns and no other file, its commands run in a second sandbox, and what it remembers
//! is thrown away: each turn is a session of its own, told what was said before from our log.

mod api;
mod binary;
mod config;
mod door;
mod events;
mod failures;
mod folder_tree;
mod folders;
mod frames;
mod last_words;
mod mapping;
mod models;
mod options;
mod place;
mod pool;
mod process;
mod prompt;
mod report;
mod restarts;
mod sandbox;
mod session;
mod turn;

use crate::{RunningTurn, Runtime, TurnRequest, broker::KeyBroker, native::reports::Reports};
pub use binary::{BinaryError, Search, find};
pub use config::offered_tools;
pub use options::{OpenCodeOptions, PoolLimits};
use pool::Pool;
pub use report::{ProcessReport, ProcessState, RunningReport, RuntimePoolReport};
use sandbox::Ground;
pub use sandbox::{AgentUser, GroundError};
use std::{path::Path, sync::Arc, time::Duration};

/// Drives OpenCode.
pub struct OpenCodeRuntime {
    shared: Arc<Shared>,
}

/// What all turns share.
struct Shared {
    pool: Pool,
    broker: KeyBroker,
    limits: crate::TurnLimits,
    coalesce: crate::Coalesce,
    default_model: Option<String>,
}

/// Whether the program can be locked in on this machine, with its folders below `directory`, and so can run. `Ok` says whether each organisation's process gets a user
/// and a network of its own.
///
/// # Errors
/// What is missing.
pub async fn try_out(program: &Path, directory: &Path) -> Result<bool, GroundError> {
    Ground::try_out(program, directory).await.map(|ground| ground.privileged)
}

/// The version that a program says it has.
pub async fn version(program: &Path) -> Option<String> {
    let folder = std::env::temp_dir();
    let mut command = tokio::process::Command::new(program);
    command.arg("--version").env_clear().env("PATH", sandbox::PATH).env("HOME", &folder).current_dir(&folder);
    let output = command.stdin(std::process::Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(30), output).await.ok()?.ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !version.is_empty()).then_some(version)
}

impl OpenCodeRuntime {
    /// Prepares the runtime; a process starts with the first turn that needs it.
    ///
    /// # Errors
    /// The program can't run on this machine.
    pub async fn new(options: OpenCodeOptions, broker: KeyBroker) -> Result<Self, GroundError> {
        // Fails if the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ground = Ground::try_out(&options.program, &options.directory).await?;
        folders::recover(&options.directory, &options.workspaces);
        let (limits, coalesce, default_model) = (options.limits.clone(), options.coalesce, options.default_model.clone());
        let pool = Pool::new(options, ground, broker.clone());
        Ok(Self { shared: Arc::new(Shared { pool, broker, limits, coalesce, default_model }) })
    }

    /// Stops all processes and waits until they are gone.
    pub async fn stop(&self) {
        self.shared.pool.stop().await;
    }
}

impl Runtime for OpenCodeRuntime {
    fn start(&self, turn: TurnRequest) -> RunningTurn {
        let shared = Arc::clone(&self.shared);
        RunningTurn::spawn(|events, asks| turn::run(shared, turn, Reports(events), asks))
    }

    fn report(&self) -> Option<RuntimePoolReport> {
        Some(self.shared.pool.report())
    }
}
