//! See the module.

use super::MembershipMsg;
use crate::{
    clock::Clock,
    cluster::{Ownership, OwnershipWatch},
    node::NodeRootMsg,
};
use cowork_domain::ids::{Incarnation, NodeNumber, ShardId};
use cowork_store::{NodeRegistration, Renewal, Store, StoreError};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// How this node takes part.
#[derive(Debug, Clone)]
pub(crate) struct MembershipOptions {
    pub(crate) registration: NodeRegistration,
    pub(crate) renew_every: Duration,
}

pub(crate) struct Membership;

pub(crate) struct MembershipArguments {
    pub(crate) options: MembershipOptions,
    pub(crate) store: Store,
    pub(crate) ownership: OwnershipWatch,
    pub(crate) root: ActorRef<NodeRootMsg>,
}

pub(crate) struct MembershipState {
    arguments: MembershipArguments,
    standing: Standing,
}

enum Standing {
    Outside,
    Member { node: NodeNumber, incarnation: Incarnation, renewed: Instant, lock: Option<JoinHandle<()>> },
    Left,
}

impl Membership {
    pub(crate) fn arguments(
        options: MembershipOptions,
        store: Store,
        ownership: OwnershipWatch,
        root: ActorRef<NodeRootMsg>,
    ) -> MembershipArguments {
        MembershipArguments { options, store, ownership, root }
    }
}

impl Actor for Membership {
    type Msg = MembershipMsg;
    type State = MembershipState;
    type Arguments = MembershipArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<MembershipMsg>,
        arguments: MembershipArguments,
    ) -> Result<MembershipState, ActorProcessingErr> {
        myself.send_interval(arguments.options.renew_every, || MembershipMsg::Tick);
        let mut state = MembershipState { arguments, standing: Standing::Outside };
        state.join(&myself).await?;
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<MembershipMsg>,
        message: MembershipMsg,
        state: &mut MembershipState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            MembershipMsg::Tick => state.tick(&myself).await,
            MembershipMsg::LivenessLockLost(incarnation) => state.liveness_lock_lost(incarnation),
            MembershipMsg::Leave(done) => {
                state.leave().await;
                done.send(()).ok();
            }
        }
        Ok(())
    }
}

impl MembershipState {
    async fn tick(&mut self, myself: &ActorRef<MembershipMsg>) {
        match &self.standing {
            Standing::Left => {}
            Standing::Outside => {
                if let Err(error) = self.join(myself).await {
                    tracing::warn!(%error, "this node can't join yet");
                }
            }
            Standing::Member { .. } => self.renew(myself).await,
        }
    }

    async fn join(&mut self, myself: &ActorRef<MembershipMsg>) -> Result<(), StoreError> {
        let MembershipArguments { options, store, ownership, root } = &self.arguments;
        let asked = Clock.instant();
        let registered = store.register_node(options.registration.clone()).await?;
        let (node, incarnation) = (registered.node, registered.incarnation);
        let wanted: Vec<ShardId> = (0..registered.shard_count).map(ShardId).collect();
        let epochs = store.claim_shards(node, incarnation, &wanted).await?.into_iter().collect();
        let owned = Arc::new(Ownership { node, incarnation, shard_count: registered.shard_count, epochs });
        tracing::info!(node = node.0, incarnation = incarnation.0, shards = owned.epochs.len(), "this node joined");
        self.standing = Standing::Member { node, incarnation, renewed: asked, lock: None };
        ownership.set(Some(owned.clone()));
        root.cast(NodeRootMsg::Owned(owned)).ok();
        self.hold_liveness_lock(myself);
        Ok(())
    }

    async fn renew(&mut self, myself: &ActorRef<MembershipMsg>) {
        let patience = self.patience();
        let lease = self.lease();
        let Standing::Member { node, incarnation, renewed, .. } = &mut self.standing else { return };
        let asked = Clock.instant();
        let fenced_meanwhile = self.arguments.ownership.now().is_none();
        let left = patience.saturating_sub(renewed.elapsed());
        let renewal = tokio::time::timeout(left, self.arguments.store.renew_lease(*node, *incarnation, lease)).await;
        match renewal {
            Ok(Ok(Renewal::Renewed)) if !fenced_meanwhile => {
                *renewed = asked;
                metrics::counter!("cowork_lease_renewals_total").increment(1);
                self.hold_liveness_lock(myself);
            }
            Ok(Ok(_)) => self.lose("it was fenced"),
            Ok(Err(error)) if renewed.elapsed() < patience => tracing::warn!(%error, "the lease could not be renewed"),
            Ok(Err(_)) | Err(_) => self.lose("its lease could not be renewed in time"),
        }
    }

    /// Gives up everything at once; the next tick joins again.
    fn lose(&mut self, reason: &'static str) {
        tracing::error!(reason, "this node stops acting as an owner");
        metrics::counter!("cowork_leases_lost_total").increment(1);
        self.release_lock();
        self.standing = Standing::Outside;
        self.arguments.ownership.set(None);
        self.arguments.root.cast(NodeRootMsg::Disowned).ok();
    }

    async fn leave(&mut self) {
        self.release_lock();
        if let Standing::Member { node, incarnation, .. } = std::mem::replace(&mut self.standing, Standing::Left) {
            self.arguments.ownership.set(None);
            if let Err(error) = self.arguments.store.leave(node, incarnation).await {
                tracing::warn!(%error, "the shards could not be released; they are free when the lease ends");
            }
        }
    }

    /// Peers take over as soon as this lock is free, so it is taken again after a database restart.
    fn hold_liveness_lock(&mut self, myself: &ActorRef<MembershipMsg>) {
        let Standing::Member { node, incarnation, lock, .. } = &mut self.standing else { return };
        if lock.as_ref().is_some_and(|holder| !holder.is_finished()) {
            return;
        }
        let (store, node, incarnation, myself) = (self.arguments.store.clone(), *node, *incarnation, myself.clone());
        let holder = tokio::spawn(async move {
            match store.liveness_lock(node).await {
                Ok(mut held) => {
                    held.lost().await;
                    myself.cast(MembershipMsg::LivenessLockLost(incarnation)).ok();
                }
                Err(error) => tracing::warn!(%error, "the liveness lock can't be taken yet"),
            }
        });
        *lock = Some(holder);
    }

    fn liveness_lock_lost(&mut self, lost: Incarnation) {
        if let Standing::Member { incarnation, lock, .. } = &mut self.standing
            && *incarnation == lost
        {
            tracing::warn!("the connection that held the liveness lock ended; the next renewal takes it again");
            *lock = None;
        }
    }

    fn release_lock(&mut self) {
        if let Standing::Member { lock, .. } = &mut self.standing
            && let Some(holder) = lock.take()
        {
            holder.abort();
        }
    }

    fn lease(&self) -> Duration {
        self.arguments.options.registration.lease
    }

    /// After this long without a renewal the node stops on its own (architecture §5).
    fn patience(&self) -> Duration {
        self.lease().mul_f64(0.6)
    }
}
