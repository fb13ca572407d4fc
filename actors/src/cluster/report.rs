//! What operators see of the cluster: `GET /api/ops/cluster`.

use super::{link::LinkReport, view::is_alive};
use crate::{feed::remote::RemoteReport, node::Shared, session::SessionError};
use cowork_domain::timestamp::Timestamp;
use cowork_store::{NodeRow, ShardMove};
use serde::Serialize;

const MOVES: i64 = 20;

/// The cluster as this node sees it now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    generated_at: Timestamp,
    /// Which node looked.
    node: String,
    shard_count: i32,
    /// How long a silent node keeps what it owns.
    lease_ms: u64,
    nodes: Vec<NodeReport>,
    shards: ShardTotals,
    /// By shard, the number of the living node that owns it.
    owners: Vec<Option<i32>>,
    /// Changes of ownership, newest first.
    last_moves: Vec<MoveReport>,
    /// Live tails from and to other nodes.
    #[serde(flatten)]
    feeds: RemoteReport,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeReport {
    name: String,
    node: i32,
    incarnation: i64,
    address: String,
    roles: Vec<String>,
    state: NodeState,
    lease_ms_left: u64,
    shards: usize,
    /// The link from the node that looked; none to itself.
    link: Option<LinkReport>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum NodeState {
    Live,
    Draining,
    /// Its lease ended, or somebody declared it dead.
    Dead,
    /// It gave everything back and went.
    Left,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShardTotals {
    owned: usize,
    unowned: usize,
}

impl ClusterReport {
    pub(crate) async fn of(shared: &Shared) -> Result<Self, SessionError> {
        let asked = shared.clock.instant();
        let view = shared.store.cluster_view().await.map_err(|_| SessionError::Unavailable)?;
        let last_moves = shared.store.recent_moves(MOVES).await.map_err(|_| SessionError::Unavailable)?;
        let picture = super::Picture::new(view, asked);
        let (links, counts, unowned) = (shared.remote.reports(), picture.shards_by_node(), picture.unowned());
        let report = |row: &NodeRow| NodeReport {
            name: row.name.clone(),
            node: row.node.0,
            incarnation: row.incarnation.0,
            address: row.address.clone(),
            roles: row.roles.clone(),
            state: state_of(row),
            lease_ms_left: millis(row.lease_left),
            shards: counts.get(&row.node).copied().unwrap_or_default(),
            link: links.iter().find(|link| link.peer == row.name).cloned(),
        };
        Ok(Self {
            generated_at: shared.clock.now(),
            node: shared.options.name.clone(),
            shard_count: picture.shard_count,
            lease_ms: millis(shared.options.lease),
            nodes: picture.nodes.iter().map(report).collect(),
            owners: picture.assignment().into_iter().map(|owner| owner.map(|(node, _)| node.0)).collect(),
            shards: ShardTotals { owned: usize::try_from(picture.shard_count).unwrap_or(0) - unowned, unowned },
            last_moves: last_moves.into_iter().map(MoveReport::from).collect(),
            feeds: shared.feeds.report(),
        })
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct MoveReport {
    shard: i32,
    from: Option<String>,
    to: Option<String>,
    /// `claim`, `hand_over`, `fail_over` or `leave`.
    reason: String,
    epoch: i64,
    at: Timestamp,
}

impl From<ShardMove> for MoveReport {
    fn from(moved: ShardMove) -> Self {
        let ShardMove { shard, from, to, reason, epoch, at } = moved;
        Self { shard: shard.0, from, to, reason, epoch: epoch.0, at }
    }
}

fn state_of(row: &NodeRow) -> NodeState {
    match (is_alive(row), row.draining) {
        (true, false) => NodeState::Live,
        (true, true) => NodeState::Draining,
        // Who leaves in order fences itself and ends its lease with its own hand.
        (false, _) if row.has_left => NodeState::Left,
        (false, _) => NodeState::Dead,
    }
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
