//! The cluster, for operators: who is in it, who owns what, and taking a node out of it.

use crate::{Client, ClientError, query::percent_encoded};
use cowork_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The cluster as the answering node sees it; what is not named here is in `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReport {
    /// When it was made.
    pub generated_at: Timestamp,
    /// Who answered.
    pub node: String,
    /// Fixed when the cluster was made.
    pub shard_count: u64,
    /// How long a node that says nothing keeps what it owns.
    pub lease_ms: u64,
    /// Everybody who takes part.
    pub nodes: Vec<ClusterNode>,
    /// Shards with and without an owner.
    pub shards: ShardTotals,
    /// Changes of ownership, newest first.
    #[serde(default)]
    pub last_moves: Vec<ShardMove>,
    /// What is not named above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A process that takes part; what is not named here is in `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterNode {
    /// Unique, and the same over restarts.
    pub name: String,
    /// Where the others reach it; empty if they don't.
    pub address: String,
    /// What it is for.
    pub roles: Vec<String>,
    /// How it is.
    pub state: NodeState,
    /// What is left of its lease.
    pub lease_ms_left: u64,
    /// How many it owns.
    pub shards: u64,
    /// The answering node's link to it.
    pub link: Option<NodeLink>,
    /// What is not named above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// It takes part.
    Live,
    /// It gives up what it owns.
    Draining,
    /// Its lease ended, or its process did.
    Dead,
    /// It ended in order.
    Left,
    /// A state that this client does not know.
    #[serde(other)]
    Unknown,
}

/// A link to a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeLink {
    /// `up`, `connecting`, `down` or `refused`.
    pub state: String,
    /// Why it is refused or down.
    pub reason: Option<String>,
    /// Of the last heartbeat.
    pub round_trip_us: Option<u64>,
    /// What is not named above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Shards with and without an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ShardTotals {
    pub owned: u64,
    pub unowned: u64,
}

/// A change of ownership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ShardMove {
    pub shard: i64,
    pub from: Option<String>,
    pub to: Option<String>,
    /// `hand_over`, `fail_over`, `claim` or `leave`.
    pub reason: String,
    pub epoch: i64,
    pub at: Timestamp,
}

impl ClusterReport {
    /// The node of this name.
    pub fn node_named(&self, name: &str) -> Option<&ClusterNode> {
        self.nodes.iter().find(|node| node.name == name)
    }
}

#[derive(Deserialize)]
struct Told {}

impl Client {
    /// `GET /api/ops/cluster`: nodes, leases, shards, links.
    pub async fn cluster(&self) -> Result<ClusterReport, ClientError> {
        self.get("/api/ops/cluster").await
    }

    /// `POST /api/ops/cluster/nodes/{node}/drain`, or `…/undrain`: asks a node to hand its shards to others, or to take some
    /// again. The report tells how far it is.
    pub async fn drain_node(&self, node: &str, draining: bool) -> Result<(), ClientError> {
        let verb = if draining { "drain" } else { "undrain" };
        let path = format!("/api/ops/cluster/nodes/{}/{verb}", percent_encoded(node));
        self.post::<Told>(&path, &json!({})).await.map(drop)
    }

    /// `DELETE /api/ops/cluster/nodes/{node}`: forgets a node that is dead or left.
    pub async fn forget_node(&self, node: &str) -> Result<(), ClientError> {
        self.delete::<Told>(&format!("/api/ops/cluster/nodes/{}", percent_encoded(node))).await.map(drop)
    }
}
