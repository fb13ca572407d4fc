//! What the membership reacts to.

use cowork_domain::ids::{Epoch, Incarnation, ShardId};
use cowork_store::{ClusterView, StoreError};
use std::time::Instant;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum MembershipMsg {
    /// Time to renew, or to try joining again.
    Tick,
    /// Something in the cluster changed, or may have.
    Look,
    /// The picture that a look brought, and when it was asked for.
    Seen { asked: Instant, view: Result<ClusterView, StoreError> },
    /// These shards belong to this incarnation now.
    Claimed { incarnation: Incarnation, shards: Vec<(ShardId, Epoch)> },
    /// A claim ended without shards.
    ClaimEnded,
    /// Shards were given away; or could not be, within the time that a hand-over may take.
    HandedOver { incarnation: Incarnation, done: bool },
    /// The link to a peer ended: its process may have.
    PeerLost(String),
    /// The connection that held the liveness lock ended.
    LivenessLockLost(Incarnation),
    /// The node leaves for good: shards are released, the lease ends.
    Leave(oneshot::Sender<()>),
}

impl ractor::Message for MembershipMsg {}
