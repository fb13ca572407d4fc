//! The cluster, for operators.

use serde_json::Value;
use utoipa::ToSchema;

/// The cluster as one node sees it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ClusterReport {
    #[schema(format = DateTime)]
    generated_at: String,
    /// Who answers.
    node: String,
    /// Fixed when the cluster was made.
    shard_count: u32,
    /// How long a node that says nothing keeps what it owns.
    lease_ms: u64,
    nodes: Vec<ClusterNode>,
    shards: ShardTotals,
    /// By shard, the `node` of the living one that owns it; null where requests wait for an owner.
    owners: Vec<Option<i32>>,
    /// Newest first.
    last_moves: Vec<ShardMove>,
    /// Sessions and workspaces of other nodes that this one follows for its subscribers.
    followed_logs: u64,
    /// From a commit elsewhere to its arrival here, lately.
    push_lag_us: Option<u64>,
}

/// A process that takes part.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ClusterNode {
    name: String,
    /// Its number, the same over restarts.
    node: i32,
    /// Counts its lives.
    incarnation: i64,
    /// Where the others reach it; empty if they don't.
    address: String,
    roles: Vec<String>,
    state: NodeState,
    lease_ms_left: u64,
    /// How many it owns.
    shards: u32,
    /// The answering node's link to it; none to itself and to nodes that it needs no link to.
    link: Option<NodeLink>,
}

/// How a node is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum NodeState {
    Live,
    /// Gives up what it owns.
    Draining,
    /// Its lease ended, or its process did.
    Dead,
    /// It ended in order.
    Left,
}

/// A link to a peer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct NodeLink {
    peer: String,
    state: LinkState,
    /// Why it is refused or down.
    reason: Option<String>,
    round_trip_us: Option<u64>,
    calls_in_flight: u64,
    bytes_in_flight: u64,
    reconnects: u64,
}

/// How a link is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::http) enum LinkState {
    Up,
    Connecting,
    Down,
    /// One of the two would not have the other.
    Refused,
}

/// Shards with and without an owner.
#[derive(ToSchema)]
pub(in crate::http) struct ShardTotals {
    owned: u32,
    unowned: u32,
}

/// A change of ownership.
#[derive(ToSchema)]
pub(in crate::http) struct ShardMove {
    shard: i32,
    from: Option<String>,
    to: Option<String>,
    reason: MoveReason,
    epoch: i64,
    #[schema(format = DateTime)]
    at: String,
}

/// Why a shard changed hands.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::http) enum MoveReason {
    HandOver,
    FailOver,
    Claim,
    Leave,
}

/// The actor trees of all nodes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Supervision {
    #[schema(format = DateTime)]
    generated_at: String,
    /// The answering node.
    node: Value,
    /// Its counters per kind of actor.
    kinds: Vec<Value>,
    /// Its supervisors.
    shards: Vec<Value>,
    nodes: Vec<NodeSupervision>,
    /// Entities of all nodes that get no requests until an operator lifts the quarantine; each names its node.
    quarantined: Vec<Value>,
}

/// What one node reports.
#[derive(ToSchema)]
pub(in crate::http) struct NodeSupervision {
    name: String,
    /// Whether it answered in time.
    reachable: bool,
    /// The fields that stand at the top, of this node.
    report: Option<Value>,
}
