//! Who owns which session at the moment, from the database.

use cowork_domain::ids::{Incarnation, SessionId, ShardId};
use cowork_store::{Store, StoreError};
use std::collections::BTreeMap;

/// One look at the shards.
#[derive(Debug, Clone)]
pub(in super::super) struct Ownership {
    shard_count: i32,
    by_shard: BTreeMap<ShardId, (String, Incarnation)>,
}

impl Ownership {
    pub(in super::super) async fn read(store: &Store) -> Result<Self, StoreError> {
        let view = store.cluster_view().await?;
        let names: BTreeMap<_, _> = view.nodes.into_iter().map(|node| (node.node, node.name)).collect();
        let owned = view.shards.into_iter().filter_map(|row| {
            let (node, incarnation) = row.owner?;
            Some((row.shard, (names.get(&node)?.clone(), incarnation)))
        });
        Ok(Self { shard_count: view.shard_count, by_shard: owned.collect() })
    }

    pub(in super::super) fn shards(&self) -> Vec<ShardId> {
        (0..self.shard_count).map(ShardId).collect()
    }

    /// The node that may write this session now.
    pub(in super::super) fn owner(&self, session: SessionId) -> Option<&str> {
        let shard = ShardId::of(session.as_uuid(), self.shard_count);
        self.by_shard.get(&shard).map(|(name, _)| name.as_str())
    }

    /// The life in which a node owns something.
    pub(in super::super) fn incarnation(&self, node: &str) -> Option<Incarnation> {
        self.by_shard.values().find(|(name, _)| name == node).map(|(_, incarnation)| *incarnation)
    }

    /// Whether every shard is owned, and none by this life of a node.
    pub(in super::super) fn is_taken_from(&self, node: &str, incarnation: Incarnation) -> bool {
        self.by_shard.len() == usize::try_from(self.shard_count).unwrap_or(0)
            && !self.by_shard.values().any(|owner| owner == &(node.to_owned(), incarnation))
    }
}
