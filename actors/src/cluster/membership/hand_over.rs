//! Giving shards away in an orderly manner: stop taking requests for them, let their entities come
//! to rest, and only then let go. Groups keep the pause of each entity short.

use crate::{clock::Clock, cluster::OwnershipWatch, feed::remote::RemoteFeeds, node::NodeRootMsg};
use cowork_domain::ids::{Incarnation, NodeNumber, ShardId};
use cowork_store::Store;
use ractor::ActorRef;
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// A group that isn't through after this long ends the incarnation instead (architecture §5).
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct HandOver {
    pub(super) store: Store,
    pub(super) ownership: OwnershipWatch,
    pub(super) feeds: Arc<RemoteFeeds>,
    pub(super) root: ActorRef<NodeRootMsg>,
    pub(super) node: NodeNumber,
    pub(super) incarnation: Incarnation,
    pub(super) group: usize,
}

impl HandOver {
    /// Whether all of it was given away.
    pub(super) async fn run(&self, shards: Vec<ShardId>) -> bool {
        for group in shards.chunks(self.group) {
            let started = Clock.instant();
            match tokio::time::timeout(PATIENCE, self.give_away(group)).await {
                Ok(true) => metrics::histogram!("cowork_hand_over_seconds").record(started.elapsed().as_secs_f64()),
                Ok(false) | Err(_) => return false,
            }
        }
        tracing::info!(shards = shards.len(), "shards were handed over");
        metrics::counter!("cowork_shards_handed_over_total").increment(shards.len() as u64);
        true
    }

    async fn give_away(&self, group: &[ShardId]) -> bool {
        self.ownership.change(self.incarnation, |epochs| epochs.retain(|shard, _| !group.contains(shard)));
        self.feeds.ownership_changed();
        let (vacated, empty) = oneshot::channel();
        self.root.cast(NodeRootMsg::Vacate { shards: group.to_vec(), vacated }).ok();
        if empty.await.is_err() {
            return false;
        }
        match self.store.release_shards(self.node, self.incarnation, group).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "shards could not be released");
                false
            }
        }
    }
}
