//! What this node owns at the moment.

use cowork_domain::ids::{Epoch, Incarnation, NodeNumber, ShardId};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::watch;
use uuid::Uuid;

/// The shards of one incarnation of this node.
#[derive(Debug, Clone)]
pub(crate) struct Ownership {
    pub(crate) node: NodeNumber,
    pub(crate) incarnation: Incarnation,
    pub(crate) shard_count: i32,
    pub(crate) epochs: HashMap<ShardId, Epoch>,
}

impl Ownership {
    /// The shard of an entity and the epoch under which this node owns it.
    pub(crate) fn of(&self, entity: Uuid) -> Option<(ShardId, Epoch)> {
        let shard = ShardId::of(entity, self.shard_count);
        self.epochs.get(&shard).map(|epoch| (shard, *epoch))
    }
}

/// The current ownership, and its changes. Clones see the same.
#[derive(Debug, Clone)]
pub(crate) struct OwnershipWatch {
    sender: Arc<watch::Sender<Option<Arc<Ownership>>>>,
    receiver: watch::Receiver<Option<Arc<Ownership>>>,
}

impl OwnershipWatch {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = watch::channel(None);
        Self { sender: Arc::new(sender), receiver }
    }

    pub(crate) fn set(&self, ownership: Option<Arc<Ownership>>) {
        self.sender.send_replace(ownership);
    }

    /// Changes what this incarnation owns. Without effect on another one, and on none.
    pub(crate) fn change(&self, incarnation: Incarnation, change: impl FnOnce(&mut HashMap<ShardId, Epoch>)) {
        self.sender.send_if_modified(|now| {
            let Some(owned) = now.as_ref().filter(|owned| owned.incarnation == incarnation) else { return false };
            let mut changed = (**owned).clone();
            change(&mut changed.epochs);
            *now = Some(Arc::new(changed));
            true
        });
    }

    /// What is owned now; `None` while this node must not act.
    pub(crate) fn now(&self) -> Option<Arc<Ownership>> {
        self.sender.borrow().clone()
    }

    /// Waits until this node may act as an owner.
    pub(crate) async fn current(&mut self) -> Arc<Ownership> {
        let owned = self.receiver.wait_for(Option::is_some).await.expect("this value holds a sender");
        owned.clone().expect("waited for it")
    }

    /// Waits until this node acts under another incarnation than this one.
    pub(crate) async fn wait_for_other(&mut self, than: Option<Incarnation>) {
        let moved = |now: &Option<Arc<Ownership>>| now.as_ref().is_some_and(|now| Some(now.incarnation) != than);
        self.receiver.wait_for(moved).await.expect("this value holds a sender");
    }

    /// Every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<Option<Arc<Ownership>>> {
        self.sender.subscribe()
    }

    /// The database refused a write of this incarnation: it acts no longer.
    pub(crate) fn report_fenced(&self, incarnation: Incarnation) {
        self.sender.send_if_modified(|now| {
            let fenced = now.as_ref().is_some_and(|now| now.incarnation == incarnation);
            if fenced {
                *now = None;
            }
            fenced
        });
    }
}
