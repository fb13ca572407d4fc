//! What all actors of a node share.

use super::{Holds, KnownIdentities, NodeOptions, root::NodeRootMsg};
use crate::{
    byok::KeyChecks,
    clock::Clock,
    cluster::{OwnershipWatch, PictureWatch, Place, Remote, Whereabouts},
    feed::{FeedHub, remote::RemoteFeeds},
    heavy::HeavyWork,
    journal::Journal,
    org::OrgPost,
    supervise::{EntityKey, EntityTable, ShardMsg, Stats},
    workspace::Workspaces,
};
use cowork_domain::ids::ShardId;
use cowork_runtime::Runtime;
use cowork_store::Store;
use dashmap::DashMap;
use ractor::ActorRef;
use std::sync::{Arc, OnceLock, atomic::AtomicBool};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) struct Shared {
    pub(crate) options: NodeOptions,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) journal: Journal,
    pub(crate) hub: Arc<FeedHub>,
    pub(crate) feeds: Arc<RemoteFeeds>,
    pub(crate) ownership: OwnershipWatch,
    pub(crate) picture: PictureWatch,
    pub(crate) whereabouts: Whereabouts,
    pub(crate) remote: Arc<Remote>,
    pub(crate) org_post: OrgPost,
    pub(crate) holds: Holds,
    pub(crate) table: EntityTable,
    pub(crate) elsewhere: KnownIdentities,
    pub(crate) stats: Stats,
    /// Supervisors of the shards that have something to do.
    pub(crate) shards: DashMap<ShardId, ActorRef<ShardMsg>>,
    pub(crate) root: OnceLock<ActorRef<NodeRootMsg>>,
    pub(crate) activations: Semaphore,
    pub(crate) snapshots: Semaphore,
    pub(crate) heavy: HeavyWork,
    /// Checks of provider keys; unset where no key can be opened.
    pub(crate) key_checks: OnceLock<KeyChecks>,
    pub(crate) workspaces: Option<Workspaces>,
    /// Bounds what waits at other nodes' bindings at the same time: each wait takes its part of the link.
    pub(crate) waits_elsewhere: Semaphore,
    pub(crate) draining: AtomicBool,
    /// Everything that runs beside the actors; awaited at the end.
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("node", &self.options.name).finish_non_exhaustive()
    }
}

impl Shared {
    /// Where an entity lives now.
    pub(crate) fn place(&self, key: &EntityKey) -> Place {
        self.whereabouts.of(key.shard_key())
    }
}
