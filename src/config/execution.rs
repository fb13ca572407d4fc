//! Upstream's settings of worker loops, isolation and the progress watchdog. This version executes turns by actors: it acts on
//! those that bound the agents' processes, and only validates the others.

use super::setting::{Kind, Setting};
use super::values::Values;
use cowork_runtime::opencode::Search;
use std::{path::PathBuf, time::Duration};

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("AUTO_PROCESS_COMMANDS", Kind::Flag, "execute commands in the process that accepted them").or("true").later(),
    Setting::new("CHECKPOINTS_ENABLED", Kind::Flag, "keep workspaces in the object store").or("false").later(),
    Setting::new("WORKER_POLL_MS", Kind::Millis(1), "how often upstream's workers look for work").or("1000").later(),
    Setting::new("SCHEDULER_POLL_MS", Kind::Millis(1), "how often upstream's scheduler looks for work").later(),
    Setting::new("WORKER_SESSION_CONCURRENCY", Kind::Count(1), "sessions that one of upstream's workers executes at once").or("4").later(),
    Setting::new("WORKER_MAX_COMMANDS_PER_SESSION_PER_TICK", Kind::Count(1), "commands of a session per look").or("50").later(),
    Setting::new("WORKER_MAX_LEASES", Kind::Count(1), "sessions that one of upstream's workers holds").or("4096").later(),
    Setting::new("RUNTIME_CACHE_MAX_ENTRIES", Kind::Count(1), "agent processes that are kept").or("100"),
    Setting::new("RUNTIME_CACHE_IDLE_TTL_MS", Kind::Millis(1), "when an idle agent process is stopped").or("1800000"),
    Setting::new("RUNTIME_ADMISSION_QUEUE_MAX_ENTRIES", Kind::Count(1), "starts of agent processes that may wait").or("100").later(),
    Setting::new("RUNTIME_ADMISSION_TIMEOUT_MS", Kind::Millis(1), "how long such a start may wait").or("30000"),
    Setting::new("RUNTIME_PROVISION_TIMEOUT_MS", Kind::Millis(1), "how long such a start may take").or("120000"),
    Setting::new("RUNTIME_TEARDOWN_TIMEOUT_MS", Kind::Millis(1), "how long the stop of an agent process may take").or("30000").later(),
    Setting::new("CONCURRENCY_RECONCILE_MS", Kind::Millis(1), "how often upstream recounts running work").later(),
    Setting::new(
        "EXECUTION_ISOLATION_MODE",
        Kind::Choice(&["sandbox", "development-process", "external-provider"]),
        "what agents are locked into",
    )
    .or("sandbox")
    .later(),
    Setting::new("ISOLATION_ENGINE", Kind::Choice(&["docker", "apple-container"]), "container engine").later(),
    Setting::new("ISOLATION_IMAGE", Kind::Text, "container image").later(),
    Setting::new("ISOLATION_IMAGE_SHA256", Kind::Text, "digest of that image").later(),
    Setting::new("ISOLATION_IMAGE_SIGNATURE", Kind::Text, "signature of that image").later(),
    Setting::new("ISOLATION_NETWORK_POLICY", Kind::Choice(&["deny-all", "restricted"]), "what agents may reach").later(),
    Setting::new("ISOLATION_NETWORK_NAME", Kind::Text, "container network").later(),
    Setting::new("ISOLATION_EGRESS_POLICY_ID", Kind::Text, "policy of that network").later(),
    Setting::new(
        "ISOLATION_MEMORY_LIMIT_BYTES",
        Kind::Count(1),
        "memory of one OpenCode process, with all that it starts; an idle one is renewed at three quarters",
    )
    .or("2147483648"),
    Setting::new("ISOLATION_CPU_LIMIT", Kind::Text, "cores of an agent").later(),
    Setting::new(
        "ISOLATION_PIDS_LIMIT",
        Kind::Count(1),
        "processes and threads of one organisation's OpenCode; holds where it has a user of its own",
    )
    .or("512"),
    Setting::new(
        "ISOLATION_OPENCODE_BIN",
        Kind::Path,
        "the OpenCode program; without it the search path, node_modules and npm's global folder are looked at",
    ),
    Setting::new("PROGRESS_WATCHDOG_MODE", Kind::Choice(&["off", "observe", "enforce"]), "watch for work that stands still")
        .or("off")
        .later(),
    Setting::new("PROGRESS_WATCHDOG_SUSPECT_MS", Kind::Millis(1000), "when work is suspected to stand still").or("120000").later(),
    Setting::new("PROGRESS_WATCHDOG_STALLED_MS", Kind::Millis(2000), "when work is taken to stand still").or("300000").later(),
    Setting::new("PROGRESS_WATCHDOG_SWEEP_MS", Kind::Millis(250), "how often the watchdog looks").or("5000").later(),
    Setting::new("PROGRESS_WATCHDOG_MAX_ENTRIES", Kind::Count(1), "entries that the watchdog keeps").later(),
    Setting::new("PROGRESS_WATCHDOG_MAX_SNAPSHOT_ENTRIES", Kind::Count(1), "entries that it shows").later(),
    Setting::new("PROGRESS_WATCHDOG_OBSERVE_EVIDENCE_REF", Kind::Text, "evidence that allows enforcing").later(),
    Setting::new("PROGRESS_WATCHDOG_OPERATOR_OWNER", Kind::Text, "who answers for enforcing").later(),
    Setting::new("PROGRESS_WATCHDOG_ROLLBACK_MODE", Kind::Choice(&["off", "observe"]), "what to fall back to").later(),
];

/// Bounds on the agents' processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionConfig {
    /// The OpenCode program, if it is named.
    pub opencode: Option<PathBuf>,
    /// How many processes a node runs at a time.
    pub processes: usize,
    /// When an idle one is stopped.
    pub idle: Duration,
    /// How long a turn waits for room.
    pub admission: Duration,
    /// How long a start may take.
    pub start: Duration,
    /// Memory of one process, in bytes.
    pub memory: u64,
    /// Processes and threads of one organisation.
    pub threads: u64,
}

impl ExecutionConfig {
    /// Where OpenCode is looked for, on this search path.
    pub fn search(&self, path: Vec<PathBuf>) -> Search {
        Search { named: self.opencode.clone(), path, project: std::env::current_dir().ok() }
    }

    pub(super) fn read(values: &Values) -> Self {
        let number = |name| values.number(name);
        Self {
            opencode: values.path("ISOLATION_OPENCODE_BIN"),
            processes: values.count("RUNTIME_CACHE_MAX_ENTRIES"),
            idle: values.millis("RUNTIME_CACHE_IDLE_TTL_MS"),
            admission: values.millis("RUNTIME_ADMISSION_TIMEOUT_MS"),
            start: values.millis("RUNTIME_PROVISION_TIMEOUT_MS"),
            memory: number("ISOLATION_MEMORY_LIMIT_BYTES"),
            threads: number("ISOLATION_PIDS_LIMIT"),
        }
    }
}
