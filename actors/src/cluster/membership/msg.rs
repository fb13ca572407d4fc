//! What the membership reacts to.

use cowork_domain::ids::Incarnation;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum MembershipMsg {
    /// Time to renew, or to try joining again.
    Tick,
    /// The connection that held the liveness lock ended.
    LivenessLockLost(Incarnation),
    /// The node leaves for good: shards are released, the lease ends.
    Leave(oneshot::Sender<()>),
}

impl ractor::Message for MembershipMsg {}
