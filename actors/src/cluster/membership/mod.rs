//! The node's part in the cluster (architecture §5).
//!
//! It joins (a new incarnation, its liveness lock), renews one row every second, and gives up by
//! itself when it could not renew for 60 % of the lease: a node that cannot reach the database stops
//! acting as an owner before others may take over. After a loss it joins again under a new incarnation.
//!
//! It also looks at the whole cluster: every second, and at once when somebody says that something
//! changed. From what it sees it claims the shards whose home it is, and hands over those whose home
//! is elsewhere. Neither holds up the next renewal: both run beside the actor and report back.

mod actor;
mod hand_over;
mod msg;
mod reconcile;

pub(crate) use actor::{Membership, MembershipArguments, MembershipOptions};
pub(crate) use msg::MembershipMsg;
