//! What operators see: `GET /api/ops/supervision`.

use super::stats::KindReport;
use crate::{node::Shared, supervise::ActorKind};
use cowork_domain::timestamp::Timestamp;
use cowork_runtime::opencode::RuntimePoolReport;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;

/// The actor tree of this node.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupervisionReport {
    pub(crate) generated_at: Timestamp,
    pub(crate) node: NodeReport,
    /// Counters per kind since the node started.
    pub(crate) kinds: Vec<KindReport>,
    /// Supervisors that have or had something to do.
    pub(crate) shards: Vec<ShardReport>,
    /// Entities that get no requests until an operator lifts the quarantine.
    pub(crate) quarantined: Vec<QuarantinedEntity>,
}

impl SupervisionReport {
    pub(crate) fn of(shared: &Shared, shards: Vec<ShardReport>) -> Self {
        let owned = shared.ownership.now();
        let (followed_sessions, followed_workspaces) = shared.hub.followed();
        Self {
            generated_at: shared.clock.now(),
            node: NodeReport {
                name: shared.options.name.clone(),
                node: owned.as_ref().map(|owned| owned.node.0),
                incarnation: owned.as_ref().map(|owned| owned.incarnation.0),
                owned_shards: owned.map_or(0, |owned| owned.epochs.len()),
                draining: shared.draining.load(Ordering::Relaxed),
                followed_sessions,
                followed_workspaces,
                runtime_pool: shared.runtime.report(),
            },
            kinds: shared.stats.report(),
            quarantined: shards.iter().flat_map(|shard| shard.quarantined.iter().cloned()).collect(),
            shards,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeReport {
    pub(crate) name: String,
    pub(crate) node: Option<i32>,
    pub(crate) incarnation: Option<i64>,
    pub(crate) owned_shards: usize,
    pub(crate) draining: bool,
    pub(crate) followed_sessions: usize,
    pub(crate) followed_workspaces: usize,
    /// The processes that execute turns, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime_pool: Option<RuntimePoolReport>,
}

/// One shard supervisor.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShardReport {
    pub(crate) shard: i32,
    pub(crate) epoch: Option<i64>,
    pub(crate) live: usize,
    pub(crate) starting: usize,
    /// Waiting for their restart.
    pub(crate) backing_off: usize,
    #[serde(skip)]
    pub(crate) quarantined: Vec<QuarantinedEntity>,
}

/// An entity in quarantine.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuarantinedEntity {
    pub(crate) entity: String,
    pub(crate) kind: ActorKind,
    pub(crate) shard: i32,
    pub(crate) since: Timestamp,
    pub(crate) failures: usize,
    /// Code of the last error.
    pub(crate) code: &'static str,
}

/// What became of the wish to lift a quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftOutcome {
    /// The entity takes requests again.
    Lifted,
    /// The entity was not in quarantine.
    NotQuarantined,
    /// The text names no entity.
    Unknown,
}
