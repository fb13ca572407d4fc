//! How the OpenCode runtime is set up.

use crate::{
    AllowedTools,
    native::{Coalesce, TurnLimits},
};
use std::{path::PathBuf, time::Duration};

/// Everything the OpenCode runtime is given.
#[derive(Debug, Clone)]
pub struct OpenCodeOptions {
    /// The program, as [`find`](super::find) finds it.
    pub program: PathBuf,
    /// Where processes have their folders. Must be on the same file system as `workspaces`.
    pub directory: PathBuf,
    /// The folder that holds one workspace folder per session.
    pub workspaces: PathBuf,
    /// Answers a prompt that names no model, as `provider/model`: the profile's choice.
    pub default_model: Option<String>,
    /// Which tools agents may use: the profile's choice.
    pub tools: AllowedTools,
    /// Bounds on what a turn may take.
    pub limits: TurnLimits,
    /// How streamed text is put together.
    pub coalesce: Coalesce,
    /// Bounds on what the processes may take.
    pub pool: PoolLimits,
}

/// Bounds on what the processes may take.
#[derive(Debug, Clone)]
pub struct PoolLimits {
    /// How many may run at a time.
    pub processes: usize,
    /// When one that has nothing to do is stopped.
    pub idle: Duration,
    /// How long a turn waits for room.
    pub admission: Duration,
    /// How long a start may take.
    pub start: Duration,
    /// Resident memory of one process, with everything that it started. An idle one is renewed at three quarters of it.
    pub memory: u64,
    /// Processes and threads of one organisation.
    pub threads: u64,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            processes: 100,
            idle: Duration::from_mins(30),
            admission: Duration::from_secs(30),
            start: Duration::from_mins(2),
            memory: 2 << 30,
            threads: 512,
        }
    }
}
