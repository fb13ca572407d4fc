//! What operators see of the processes.

use serde::Serialize;

/// The OpenCode processes of a node.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePoolReport {
    /// Each organisation's process has a user of its own.
    pub own_users: bool,
    /// Each has a network of its own, with nothing in it but its models.
    pub own_networks: bool,
    /// As many may run at a time.
    pub most_processes: usize,
    /// By organisation.
    pub processes: Vec<ProcessReport>,
}

/// One organisation's process.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessReport {
    /// Whose it is.
    pub org: String,
    /// What it does.
    pub state: ProcessState,
    /// How often it died or did not start.
    pub restarts: u64,
    /// The process, where there is one.
    #[serde(flatten)]
    pub running: Option<RunningReport>,
}

/// A process that runs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningReport {
    /// The number of its first process.
    pub pid: i32,
    /// Since when.
    pub up_seconds: u64,
    /// Turns that it works on.
    pub turns: usize,
    /// Memory, with everything that it started.
    pub resident_bytes: u64,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// A turn waits for it.
    Starting,
    /// It works on turns.
    Working,
    /// It waits for turns, and is stopped when none comes.
    Idle,
    /// It died, and is started again by the next turn.
    Dead,
}
