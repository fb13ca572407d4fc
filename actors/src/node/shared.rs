//! What all actors of a node share.

use super::{NodeOptions, root::NodeRootMsg};
use crate::{
    clock::Clock,
    cluster::OwnershipWatch,
    feed::FeedHub,
    journal::Journal,
    org::OrgMsg,
    supervise::{EntityKey, EntityRef, EntityTable, Mail, ShardMsg, Stats},
};
use cowork_domain::ids::{OrgId, ShardId};
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
    pub(crate) ownership: OwnershipWatch,
    pub(crate) table: EntityTable,
    pub(crate) stats: Stats,
    /// Supervisors of the shards that have something to do.
    pub(crate) shards: DashMap<ShardId, ActorRef<ShardMsg>>,
    pub(crate) root: OnceLock<ActorRef<NodeRootMsg>>,
    pub(crate) activations: Semaphore,
    pub(crate) snapshots: Semaphore,
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
    /// Tells a live org what became of a prompt. One that doesn't live counts again when it starts.
    pub(crate) fn tell_org(&self, org: &OrgId, message: OrgMsg) {
        if let Some(EntityRef::Org { actor }) = self.table.get(&EntityKey::Org(org.clone())) {
            actor.cast(Mail::new(message)).ok();
        }
    }
}
