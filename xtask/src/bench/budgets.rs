//! What is promised, what upstream was measured to do, and which run shows ours.

use super::process::Usage;
use serde_json::Value;

/// A run of the load generator.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [&'static str],
}

/// In an order in which each leaves the server in a state that the next one can use: what measures memory
/// comes first, what fills it last.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "active", arguments: &["prompts", "--rate", "200", "--watch", "none"] },
    Scenario { name: "idle", arguments: &["idle", "--streams", "1000"] },
    Scenario { name: "connect", arguments: &["connect", "--streams", "1000"] },
    Scenario { name: "accept", arguments: &["accept"] },
    Scenario { name: "fanout", arguments: &["fanout", "--subscribers", "1000", "--rate", "40"] },
    Scenario { name: "prompts", arguments: &["prompts", "--concurrency", "64"] },
    Scenario { name: "events", arguments: &["events"] },
    Scenario { name: "revocation", arguments: &["revocation", "--streams", "1000"] },
];

/// What needs a server that gives the memory of idle sessions back after a short [`IDLE_MS`]: one of its own.
pub(super) const FORGETFUL: &[Scenario] =
    &[Scenario { name: "activation", arguments: &["activation", "--sessions-per-user", "4", "--rest", "15s"] }];

/// Longer than all sessions take to be woken, so that none is put away again meanwhile; shorter than they rest.
pub(super) const IDLE_MS: &str = "5000";

/// Two web nodes, before a third that owns every session: prompts come in on one and are followed on the other.
pub(super) const WEB_NODES: &[Scenario] = &[Scenario { name: "across", arguments: &["accept"] }];

/// Three nodes that share the sessions.
pub(super) const THREE_NODES: &[Scenario] = &[
    Scenario { name: "three-prompts", arguments: &["prompts", "--concurrency", "64"] },
    Scenario { name: "three-revocation", arguments: &["revocation", "--streams", "1000"] },
];

/// The journal alone, without the front door: arguments of the store's `journal_bench`.
pub(super) const JOURNAL: &[Scenario] = &[
    Scenario { name: "journal", arguments: &["--sessions", "1000", "--events", "6", "--lanes", "2", "--seconds", "5"] },
    Scenario { name: "append", arguments: &["--sessions", "1", "--events", "1", "--lanes", "1", "--seconds", "5"] },
];

/// A finished run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: &'static str,
    pub(super) command: String,
    /// The load generator's report.
    pub(super) result: Value,
    pub(super) before: Usage,
    pub(super) after: Usage,
}

impl Run {
    /// The server before any load.
    pub(super) fn idle(usage: Usage) -> Self {
        Self { name: "start", command: String::new(), result: Value::Null, before: usage, after: usage }
    }
}

/// Which side of the budget is good.
#[derive(Debug, Clone, Copy)]
pub(super) enum Budget {
    AtLeast(f64),
    AtMost(f64),
}

/// Where a figure is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure {
    /// A JSON pointer into the load generator's report.
    Reported(&'static str),
    /// The same, as a percentage of what another run reported.
    PercentOf(&'static str, &'static str),
    /// The same, less what another run reported.
    MoreThan(&'static str, &'static str),
    /// Resident megabytes of the server after the run.
    ResidentMegabytes,
}

/// One line of the budget table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) quantity: &'static str,
    pub(super) scenario: &'static str,
    pub(super) figure: Figure,
    pub(super) unit: &'static str,
    pub(super) budget: Budget,
    /// Upstream on such a machine; the better end where a range was measured.
    pub(super) upstream: Option<f64>,
}

/// A row whose figure is in the load generator's report.
const fn row(
    quantity: &'static str,
    scenario: &'static str,
    pointer: &'static str,
    unit: &'static str,
    budget: Budget,
    upstream: Option<f64>,
) -> Row {
    row_of(quantity, scenario, Figure::Reported(pointer), unit, budget, upstream)
}

const fn row_of(
    quantity: &'static str,
    scenario: &'static str,
    figure: Figure,
    unit: &'static str,
    budget: Budget,
    upstream: Option<f64>,
) -> Row {
    Row { quantity, scenario, figure, unit, budget, upstream }
}

const COMPLETED: &str = "/figures/completedPerSecond";
const ACCEPTED: &str = "/figures/accepted/p50Ms";

/// The table.
pub(super) const ROWS: &[Row] = &[
    row("prompts completed, 64 at once", "prompts", COMPLETED, "1/s", Budget::AtLeast(2000.0), Some(5.0)),
    row("prompt accepted, one at a time, p50", "accept", ACCEPTED, "ms", Budget::AtMost(3.0), Some(161.0)),
    row("prompt accepted, one at a time, p99", "accept", "/figures/accepted/p99Ms", "ms", Budget::AtMost(10.0), Some(217.0)),
    row("prompt → first event, p50", "accept", "/figures/firstEvent/p50Ms", "ms", Budget::AtMost(5.0), Some(163.0)),
    row("prompt → first event, p99", "accept", "/figures/firstEvent/p99Ms", "ms", Budget::AtMost(20.0), Some(223.0)),
    row("durable events, 1 000 sessions, 6 per append", "journal", "/eventsPerSecond", "1/s", Budget::AtLeast(100_000.0), Some(31.0)),
    row("deliveries to 1 000 subscribers", "fanout", "/figures/deliveriesPerSecond", "1/s", Budget::AtLeast(200_000.0), Some(2147.0)),
    row("delivery to 1 000 subscribers, p99", "fanout", "/figures/delivery/p99Ms", "ms", Budget::AtMost(10.0), None),
    row("long session woken by a command, alone, p99", "activation", "/figures/cold/p99Ms", "ms", Budget::AtMost(5.0), None),
    row("long session woken by a command, 16 at once, p99", "activation", "/figures/coldTogether/p99Ms", "ms", Budget::AtMost(25.0), None),
    row("revoked → stream cut, 1 000 streams, p99", "revocation", "/figures/streamCut/p99Ms", "ms", Budget::AtMost(250.0), None),
    row("opening 1 000 streams", "connect", "/figures/allOpenAfterMs", "ms", Budget::AtMost(300.0), Some(75_000.0)),
    row("1 000 idle streams, share of a core", "idle", "/figures/serverCores", "cores", Budget::AtMost(0.01), Some(0.61)),
    row("1 000 idle streams, memory each", "idle", "/figures/serverBytesPerStream", "bytes", Budget::AtMost(12_288.0), None),
    row_of("resident memory, idle", "start", Figure::ResidentMegabytes, "MB", Budget::AtMost(40.0), Some(155.0)),
    row_of("resident memory, 1 000 active sessions", "active", Figure::ResidentMegabytes, "MB", Budget::AtMost(60.0), Some(258.0)),
    row_of(
        "prompt accepted by another node's session, added, p50",
        "across",
        Figure::MoreThan(ACCEPTED, "accept"),
        "ms",
        Budget::AtMost(5.0),
        None,
    ),
    row("prompt → first event on a third node, p50", "across", "/figures/firstEvent/p50Ms", "ms", Budget::AtMost(10.0), Some(1000.0)),
    row("prompt → first event on a third node, p99", "across", "/figures/firstEvent/p99Ms", "ms", Budget::AtMost(40.0), Some(1656.0)),
    row_of(
        "prompts completed by three nodes, of one's",
        "three-prompts",
        Figure::PercentOf(COMPLETED, "prompts"),
        "%",
        Budget::AtLeast(70.0),
        None,
    ),
    row("revoked → stream cut on three nodes, p99", "three-revocation", "/figures/streamCut/p99Ms", "ms", Budget::AtMost(250.0), None),
];

impl Row {
    /// Our figure, if its run took place and reported it.
    pub(super) fn measured(&self, runs: &[Run]) -> Option<f64> {
        let run = |name| runs.iter().find(|run| run.name == name);
        let reported = |name, pointer| run(name)?.result.pointer(pointer)?.as_f64();
        match self.figure {
            Figure::Reported(pointer) => reported(self.scenario, pointer),
            Figure::PercentOf(pointer, other) => Some(reported(self.scenario, pointer)? / reported(other, pointer)? * 100.0),
            Figure::MoreThan(pointer, other) => Some(reported(self.scenario, pointer)? - reported(other, pointer)?),
            Figure::ResidentMegabytes => Some(run(self.scenario)?.after.resident_megabytes()),
        }
    }

    /// How many times better than upstream.
    pub(super) fn ratio(&self, measured: f64) -> Option<f64> {
        let upstream = self.upstream?;
        let (better, worse) = match self.budget {
            Budget::AtLeast(_) => (measured, upstream),
            Budget::AtMost(_) => (upstream, measured),
        };
        (worse > 0.0).then(|| better / worse)
    }
}

impl Budget {
    pub(super) fn holds(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::AtMost(most) => measured <= most,
        }
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}
