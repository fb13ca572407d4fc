//! From what is to what should be: claims, hand-overs, and the end of a peer that died.

use super::{
    MembershipMsg,
    actor::{MembershipState, Standing},
    hand_over::HandOver,
};
use crate::{clock::Clock, cluster::Picture, node::NodeRootMsg};
use cowork_domain::ids::{Incarnation, NodeNumber, ShardId};
use ractor::ActorRef;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// When to ask again whether the process of a lost peer has ended: its lock comes free 2 ms after a
/// kill, 57 ms with a gigabyte in memory (measured).
const GONE_CHECKS: [u64; 9] = [0, 5, 15, 40, 80, 150, 300, 600, 1000];

/// What is under way. At most one claim and one hand-over at a time, each decided from a picture that
/// is newer than the end of the one before.
#[derive(Debug, Default)]
pub(crate) struct Reconciliation {
    claiming: bool,
    handing_over: bool,
    claim_ended: Option<Instant>,
    hand_over_ended: Option<Instant>,
}

impl Reconciliation {
    pub(super) fn claim_ended(&mut self) {
        self.claiming = false;
        self.claim_ended = Some(Clock.instant());
    }

    pub(super) fn hand_over_ended(&mut self) {
        self.handing_over = false;
        self.hand_over_ended = Some(Clock.instant());
    }

    fn may_claim(&self, seen: Instant) -> bool {
        !self.claiming && self.claim_ended.is_none_or(|ended| seen > ended)
    }

    fn may_hand_over(&self, seen: Instant) -> bool {
        let newer = |ended: Option<Instant>| ended.is_none_or(|ended| seen > ended);
        !self.handing_over && !self.claiming && newer(self.claim_ended) && newer(self.hand_over_ended)
    }
}

impl MembershipState {
    pub(super) fn reconcile(&mut self, myself: &ActorRef<MembershipMsg>, picture: &Picture) {
        let Standing::Member { node, incarnation, .. } = &self.standing else { return };
        let (node, incarnation) = (*node, *incarnation);
        let Some(owned) = self.arguments.ownership.now().filter(|owned| owned.incarnation == incarnation) else { return };
        let own = self.arguments.options.registration.name.as_str();
        let is_settled = self.reconciliation.may_hand_over(picture.seen);
        let is_ours = |shard: ShardId| picture.claimed_by(shard) == Some((node, incarnation));
        if self.reconciliation.may_claim(picture.seen) {
            // Also what the database says is ours and we don't know of: the answer to a claim was lost.
            let is_free = |shard: ShardId| picture.owner_of(shard).is_none() || is_settled && is_ours(shard);
            let is_wanted = |shard: &ShardId| picture.home_of(*shard) == Some(own) && !owned.epochs.contains_key(shard) && is_free(*shard);
            let wanted: Vec<ShardId> = picture.all_shards().filter(is_wanted).collect();
            if !wanted.is_empty() {
                return self.claim(myself, node, incarnation, wanted);
            }
        }
        if !is_settled {
            return;
        }
        let lost: Vec<ShardId> = owned.epochs.keys().copied().filter(|shard| !is_ours(*shard)).collect();
        if !lost.is_empty() {
            tracing::warn!(shards = lost.len(), "the database says that shards of this node are not its own");
            self.arguments.ownership.change(incarnation, |epochs| epochs.retain(|shard, _| !lost.contains(shard)));
            self.arguments.feeds.ownership_changed();
            self.arguments.root.cast(NodeRootMsg::Vacate { shards: lost, vacated: oneshot::channel().0 }).ok();
        }
        if picture.takers().next().is_none() {
            return;
        }
        let lives_elsewhere = |shard: &ShardId| picture.home_of(*shard).is_some_and(|home| home != own);
        let surplus: Vec<ShardId> = picture.all_shards().filter(|shard| is_ours(*shard)).filter(lives_elsewhere).collect();
        if !surplus.is_empty() {
            self.hand_over(myself, node, incarnation, surplus);
        }
    }

    fn claim(&mut self, myself: &ActorRef<MembershipMsg>, node: NodeNumber, incarnation: Incarnation, wanted: Vec<ShardId>) {
        self.reconciliation.claiming = true;
        let (store, myself) = (self.arguments.store.clone(), myself.clone());
        tokio::spawn(async move {
            let message = match store.claim_shards(node, incarnation, &wanted).await {
                Ok(owned) => {
                    let wanted: HashSet<ShardId> = wanted.into_iter().collect();
                    let shards = owned.into_iter().filter(|(shard, _)| wanted.contains(shard)).collect();
                    MembershipMsg::Claimed { incarnation, shards }
                }
                Err(error) => {
                    tracing::warn!(%error, "shards could not be claimed");
                    MembershipMsg::ClaimEnded
                }
            };
            myself.cast(message).ok();
        });
    }

    fn hand_over(&mut self, myself: &ActorRef<MembershipMsg>, node: NodeNumber, incarnation: Incarnation, surplus: Vec<ShardId>) {
        self.reconciliation.handing_over = true;
        let hand_over = HandOver {
            store: self.arguments.store.clone(),
            ownership: self.arguments.ownership.clone(),
            feeds: self.arguments.feeds.clone(),
            root: self.arguments.root.clone(),
            node,
            incarnation,
            group: self.arguments.options.hand_over_group.max(1),
        };
        let myself = myself.clone();
        tokio::spawn(async move {
            let done = hand_over.run(surplus).await;
            myself.cast(MembershipMsg::HandedOver { incarnation, done }).ok();
        });
    }

    /// A link ended. If the peer's process did, its shards needn't wait for the end of its lease.
    pub(super) fn peer_lost(&self, myself: &ActorRef<MembershipMsg>, peer: &str) {
        let Some(picture) = self.arguments.picture.now() else { return };
        let Some((node, incarnation)) = picture.node(peer).map(|row| (row.node, row.incarnation)) else { return };
        let (store, myself, peer) = (self.arguments.store.clone(), myself.clone(), peer.to_owned());
        tokio::spawn(async move {
            for pause in GONE_CHECKS {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                match store.fence_if_gone(node, incarnation).await {
                    Ok(true) => {
                        tracing::info!(peer, incarnation = incarnation.0, "a peer is gone: it left, or its process ended");
                        myself.cast(MembershipMsg::Look).ok();
                        return;
                    }
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, peer, "whether a peer has ended can't be told"),
                }
            }
        });
    }
}
