//! See the module.

use super::{MembershipMsg, reconcile::Reconciliation};
use crate::{
    clock::Clock,
    cluster::{Ownership, OwnershipWatch, Picture, PictureWatch, Remote, link::Peer, view::is_alive},
    feed::remote::RemoteFeeds,
    node::NodeRootMsg,
};
use cowork_domain::ids::{Epoch, Incarnation, NodeNumber, ShardId};
use cowork_store::{ClusterView, NodeRegistration, Renewal, Store, StoreError};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// A look that takes longer is given up; the next one follows within a second.
const LOOK_PATIENCE: Duration = Duration::from_secs(2);
/// After the moment at which a lease ends, so that the database agrees that it did.
const LEASE_MARGIN: Duration = Duration::from_millis(20);

/// How this node takes part.
#[derive(Debug, Clone)]
pub(crate) struct MembershipOptions {
    pub(crate) registration: NodeRegistration,
    pub(crate) renew_every: Duration,
    /// Whether it executes sessions.
    pub(crate) owns_shards: bool,
    /// Shards that change hands together: their entities pause until all of them have moved.
    pub(crate) hand_over_group: usize,
}

pub(crate) struct Membership;

#[derive(Debug, Clone)]
pub(crate) struct MembershipArguments {
    pub(crate) options: MembershipOptions,
    pub(crate) store: Store,
    pub(crate) ownership: OwnershipWatch,
    pub(crate) picture: PictureWatch,
    pub(crate) remote: Arc<Remote>,
    pub(crate) feeds: Arc<RemoteFeeds>,
    pub(crate) root: ActorRef<NodeRootMsg>,
}

pub(crate) struct MembershipState {
    pub(super) arguments: MembershipArguments,
    pub(super) standing: Standing,
    pub(super) reconciliation: Reconciliation,
    /// A look is under way; `true` if another one is wanted after it.
    looking: Option<bool>,
}

pub(super) enum Standing {
    Outside,
    Member { node: NodeNumber, incarnation: Incarnation, renewed: Instant, lock: Option<JoinHandle<()>> },
    Left,
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
        let reconciliation = Reconciliation::default();
        let mut state = MembershipState { arguments, standing: Standing::Outside, reconciliation, looking: None };
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
            MembershipMsg::Look => state.look(&myself),
            MembershipMsg::Seen { asked, view } => state.seen(&myself, asked, view),
            MembershipMsg::Claimed { incarnation, shards } => state.claimed(&myself, incarnation, shards),
            MembershipMsg::ClaimEnded => state.reconciliation.claim_ended(),
            MembershipMsg::HandedOver { incarnation, done } => state.handed_over(&myself, incarnation, done),
            MembershipMsg::PeerLost(peer) => state.peer_lost(&myself, &peer),
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
            Standing::Left => return,
            Standing::Outside => {
                if let Err(error) = self.join_again(myself).await {
                    tracing::warn!(%error, "this node can't join yet");
                }
            }
            Standing::Member { .. } => self.renew(myself).await,
        }
        self.look(myself);
    }

    /// After a loss. Where another process lives under this name meanwhile, this one stays outside:
    /// two that joined in turns would fence each other for ever.
    async fn join_again(&mut self, myself: &ActorRef<MembershipMsg>) -> Result<(), StoreError> {
        let name = &self.arguments.options.registration.name;
        if let Some(used) = self.arguments.store.name_in_use(name).await? {
            tracing::error!(name, address = used.address, "another process lives under this node's name; this one stays outside");
            return Ok(());
        }
        self.join(myself).await
    }

    async fn join(&mut self, myself: &ActorRef<MembershipMsg>) -> Result<(), StoreError> {
        let MembershipArguments { options, store, ownership, .. } = &self.arguments;
        let asked = Clock.instant();
        let registered = store.register_node(options.registration.clone()).await?;
        let (node, incarnation) = (registered.node, registered.incarnation);
        tracing::info!(node = node.0, incarnation = incarnation.0, "this node joined");
        self.standing = Standing::Member { node, incarnation, renewed: asked, lock: None };
        if options.owns_shards {
            let shard_count = registered.shard_count;
            ownership.set(Some(Arc::new(Ownership { node, incarnation, shard_count, epochs: HashMap::new() })));
        }
        self.hold_liveness_lock(myself);
        self.look(myself);
        Ok(())
    }

    async fn renew(&mut self, myself: &ActorRef<MembershipMsg>) {
        let patience = self.patience();
        let lease = self.lease();
        let fenced_meanwhile = self.arguments.options.owns_shards && self.arguments.ownership.now().is_none();
        let Standing::Member { node, incarnation, renewed, .. } = &mut self.standing else { return };
        let asked = Clock.instant();
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
    pub(super) fn lose(&mut self, reason: &'static str) {
        tracing::error!(reason, "this node stops acting as an owner");
        metrics::counter!("cowork_leases_lost_total").increment(1);
        self.release_lock();
        self.standing = Standing::Outside;
        self.reconciliation = Reconciliation::default();
        self.arguments.ownership.set(None);
        self.arguments.feeds.ownership_changed();
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

    /// Asks for a new picture; several wishes that come meanwhile make one more look.
    fn look(&mut self, myself: &ActorRef<MembershipMsg>) {
        if let Some(again) = &mut self.looking {
            *again = true;
            return;
        }
        self.looking = Some(false);
        let (store, myself, asked) = (self.arguments.store.clone(), myself.clone(), Clock.instant());
        tokio::spawn(async move {
            let late = |_| Err(StoreError::Unavailable("the cluster could not be looked at in time".into()));
            let view = tokio::time::timeout(LOOK_PATIENCE, store.cluster_view()).await.unwrap_or_else(late);
            myself.cast(MembershipMsg::Seen { asked, view }).ok();
        });
    }

    fn seen(&mut self, myself: &ActorRef<MembershipMsg>, asked: Instant, view: Result<ClusterView, StoreError>) {
        let again = self.looking.take() == Some(true);
        match view {
            Ok(view) => {
                let picture = self.arguments.picture.set(Picture::new(view, asked));
                self.measure(&picture);
                self.expect_links(&picture);
                self.watch_leases(myself, &picture);
                self.reconcile(myself, &picture);
            }
            Err(error) => tracing::warn!(%error, "the cluster can't be looked at"),
        }
        if again {
            self.look(myself);
        }
    }

    fn measure(&self, picture: &Picture) {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let owned = self.arguments.ownership.now().map_or(0, |owned| owned.epochs.len());
        metrics::gauge!("cowork_shards_owned").set(count(owned));
        metrics::gauge!("cowork_shards_unowned").set(count(picture.unowned()));
        metrics::gauge!("cowork_nodes_alive").set(count(picture.nodes.iter().filter(|row| is_alive(row)).count()));
    }

    fn expect_links(&self, picture: &Picture) {
        let own = &self.arguments.options.registration.name;
        let others = picture.nodes.iter().filter(|row| row.name != *own && is_alive(row) && !row.address.is_empty());
        let peers = others.map(|row| Peer { name: row.name.clone(), address: row.address.clone() }).collect();
        self.arguments.remote.expect(peers);
    }

    /// A lease that ends before the next tick is looked at right then: its shards wait for nobody.
    fn watch_leases(&self, myself: &ActorRef<MembershipMsg>, picture: &Picture) {
        let own = &self.arguments.options.registration.name;
        if let Some(left) = picture.next_lease_end(own).filter(|left| *left < self.arguments.options.renew_every) {
            myself.send_after(left + LEASE_MARGIN, || MembershipMsg::Look);
        }
    }

    fn claimed(&mut self, myself: &ActorRef<MembershipMsg>, of: Incarnation, shards: Vec<(ShardId, Epoch)>) {
        self.reconciliation.claim_ended();
        let Standing::Member { incarnation, .. } = &self.standing else { return };
        if *incarnation != of || shards.is_empty() {
            return;
        }
        tracing::info!(shards = shards.len(), "shards were claimed");
        metrics::counter!("cowork_shards_claimed_total").increment(shards.len() as u64);
        let claimed = shards.iter().map(|(shard, _)| *shard).collect();
        self.arguments.ownership.change(of, |epochs| epochs.extend(shards));
        self.arguments.feeds.ownership_changed();
        self.arguments.root.cast(NodeRootMsg::Owned(claimed)).ok();
        self.look(myself);
    }

    fn handed_over(&mut self, myself: &ActorRef<MembershipMsg>, of: Incarnation, done: bool) {
        self.reconciliation.hand_over_ended();
        let Standing::Member { incarnation, .. } = &self.standing else { return };
        if *incarnation == of && !done {
            return self.lose("it could not hand over shards in time");
        }
        self.look(myself);
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

/// A membership that was killed must not leave its lock behind: peers would take it for alive.
impl Drop for MembershipState {
    fn drop(&mut self) {
        self.release_lock();
    }
}
