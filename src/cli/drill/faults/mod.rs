//! What is done to the cluster. A fault proves that it took place: one that didn't fails the drill,
//! because everything that was measured meanwhile would say nothing.

mod cut_database;
mod cut_peers;
mod database_restart;
mod freeze;
mod kill;
mod rolling;
mod stage;

pub(super) use stage::Stage;

use clap::ValueEnum;
use serde::Serialize;
use std::time::Duration;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FaultKind {
    /// None: load alone, to compare with
    Quiet,
    /// SIGKILL to the worker with the most busy sessions
    Kill,
    /// SIGSTOP to it until others took over, then SIGCONT: what it still writes must be refused
    Freeze,
    /// Nothing passes between two nodes
    CutPeers,
    /// Nothing passes between a worker and the database for longer than its lease
    CutDatabase,
    /// The database server stops and starts
    DatabaseRestart,
    /// Every node is stopped in order and started again, one after the other
    Rolling,
}

impl FaultKind {
    /// Everything that can be done to a cluster of our own.
    pub(super) const OF_A_CLUSTER: [Self; 6] =
        [Self::Kill, Self::Freeze, Self::CutPeers, Self::CutDatabase, Self::DatabaseRestart, Self::Rolling];

    /// The name on the command line and in the report.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::CutPeers => "cut-peers",
            Self::CutDatabase => "cut-database",
            Self::DatabaseRestart => "database-restart",
            Self::Rolling => "rolling",
        }
    }

    /// Whether it needs nodes that are ours to disturb.
    pub(super) const fn needs_own_cluster(self) -> bool {
        !matches!(self, Self::Quiet)
    }

    /// Whether the disturbed worker's sessions must go somewhere.
    pub(super) const fn needs_a_second_worker(self) -> bool {
        matches!(self, Self::Kill | Self::Freeze | Self::CutDatabase)
    }

    /// Disturbs the cluster and undoes it; what it saw goes to the stage.
    pub(super) async fn inject(self, stage: &mut Stage<'_>) -> anyhow::Result<()> {
        match self {
            Self::Quiet => Ok(()),
            Self::Kill => kill::inject(stage).await,
            Self::Freeze => freeze::inject(stage).await,
            Self::CutPeers => cut_peers::inject(stage).await,
            Self::CutDatabase => cut_database::inject(stage).await,
            Self::DatabaseRestart => database_restart::inject(stage).await,
            Self::Rolling => rolling::inject(stage).await,
        }
    }
}

/// Beyond the lease, this is how long others may take to take over before the fault counts as failed.
const TAKE_OVER_PATIENCE: Duration = Duration::from_secs(20);
