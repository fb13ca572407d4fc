//! What this node knows of the cluster: a picture of the database's rows, a second old at most as
//! long as the database answers. Good for finding the way to an owner, never for deciding who may write.

use cowork_domain::{
    ids::{Epoch, Incarnation, NodeNumber, ShardId},
    placement,
};
use cowork_store::{ClusterView, NodeRow};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use uuid::Uuid;

/// One look at the cluster.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) seen: Instant,
    pub(crate) shard_count: i32,
    pub(crate) nodes: Vec<NodeRow>,
    shards: HashMap<ShardId, (Option<(NodeNumber, Incarnation)>, Epoch)>,
}

/// The owner of a shard, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) node: NodeNumber,
    pub(crate) incarnation: Incarnation,
}

impl Picture {
    pub(crate) fn new(view: ClusterView, seen: Instant) -> Self {
        let shards = view.shards.into_iter().map(|row| (row.shard, (row.owner, row.epoch))).collect();
        Self { seen, shard_count: view.shard_count, nodes: view.nodes, shards }
    }

    pub(crate) fn all_shards(&self) -> impl Iterator<Item = ShardId> {
        (0..self.shard_count).map(ShardId)
    }

    pub(crate) fn shard_of(&self, key: Uuid) -> ShardId {
        ShardId::of(key, self.shard_count)
    }

    /// Who owns a shard, if that incarnation lives as far as the database knows.
    pub(crate) fn owner_of(&self, shard: ShardId) -> Option<Owner> {
        let (node, incarnation) = self.claimed_by(shard)?;
        let row = self.nodes.iter().find(|row| row.node == node && row.incarnation == incarnation && is_alive(row))?;
        Some(Owner { name: row.name.clone(), node, incarnation })
    }

    /// The incarnation that the row of a shard names, alive or not.
    pub(crate) fn claimed_by(&self, shard: ShardId) -> Option<(NodeNumber, Incarnation)> {
        self.shards.get(&shard).and_then(|(owner, _)| *owner)
    }

    /// Nodes that can own shards: alive and executing.
    pub(crate) fn workers(&self) -> impl Iterator<Item = &NodeRow> {
        self.nodes.iter().filter(|row| is_alive(row) && owns_shards(row))
    }

    /// Workers that take shards from others: those that aren't about to leave.
    pub(crate) fn takers(&self) -> impl Iterator<Item = &NodeRow> {
        self.workers().filter(|row| !row.draining)
    }

    /// Nodes where clients are served, and that aren't about to leave.
    pub(crate) fn doors(&self) -> impl Iterator<Item = &NodeRow> {
        self.nodes.iter().filter(|row| is_alive(row) && serves_clients(row) && !row.draining)
    }

    /// Nodes that hold at least one shard and still live, by name.
    pub(crate) fn owners(&self) -> Vec<String> {
        let counts = self.shards_by_node();
        self.nodes.iter().filter(|row| is_alive(row) && counts.contains_key(&row.node)).map(|row| row.name.clone()).collect()
    }

    /// Where a shard belongs. When all workers are about to leave, they still take what has no owner.
    pub(crate) fn home_of(&self, shard: ShardId) -> Option<&str> {
        let among_takers = placement::home_of(shard, self.takers().map(|row| row.name.as_str()));
        among_takers.or_else(|| placement::home_of(shard, self.workers().map(|row| row.name.as_str())))
    }

    /// How many shards each node holds.
    pub(crate) fn shards_by_node(&self) -> HashMap<NodeNumber, usize> {
        let mut counts = HashMap::new();
        for shard in self.all_shards() {
            if let Some(owner) = self.owner_of(shard) {
                *counts.entry(owner.node).or_default() += 1;
            }
        }
        counts
    }

    /// Who owns each shard, to see whether anything moved.
    pub(crate) fn assignment(&self) -> Vec<Option<(NodeNumber, Incarnation)>> {
        self.all_shards().map(|shard| self.owner_of(shard).map(|owner| (owner.node, owner.incarnation))).collect()
    }

    /// Shards without a living owner.
    pub(crate) fn unowned(&self) -> usize {
        self.all_shards().filter(|shard| self.owner_of(*shard).is_none()).count()
    }

    pub(crate) fn node(&self, name: &str) -> Option<&NodeRow> {
        self.nodes.iter().find(|row| row.name == name)
    }

    /// When the next lease of an owner ends if nobody renews it, as seen at the time of this picture.
    pub(crate) fn next_lease_end(&self, besides: &str) -> Option<Duration> {
        let counts = self.shards_by_node();
        let watched = self.nodes.iter().filter(|row| row.name != besides && is_alive(row) && counts.contains_key(&row.node));
        watched.map(|row| row.lease_left).min()
    }
}

/// Whether a node holds its lease.
pub(crate) fn is_alive(row: &NodeRow) -> bool {
    !row.fenced && !row.lease_left.is_zero()
}

/// Whether a node's role makes it an owner.
fn owns_shards(row: &NodeRow) -> bool {
    row.roles.iter().any(|role| role == "all-in-one" || role == "worker")
}

/// Whether clients find an open door at a node of this role.
fn serves_clients(row: &NodeRow) -> bool {
    row.roles.iter().any(|role| role == "all-in-one" || role == "web")
}

/// The newest picture, and its changes. Clones see the same.
#[derive(Debug, Clone)]
pub(crate) struct PictureWatch {
    sender: Arc<watch::Sender<Option<Arc<Picture>>>>,
}

impl PictureWatch {
    pub(crate) fn new() -> Self {
        Self { sender: Arc::new(watch::channel(None).0) }
    }

    pub(crate) fn set(&self, picture: Picture) -> Arc<Picture> {
        let picture = Arc::new(picture);
        self.sender.send_replace(Some(picture.clone()));
        picture
    }

    pub(crate) fn now(&self) -> Option<Arc<Picture>> {
        self.sender.borrow().clone()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Option<Arc<Picture>>> {
        self.sender.subscribe()
    }
}
