//! The node's lease. It joins (a new incarnation, its shards, its liveness lock), renews one row
//! every second, and gives up by itself when it could not renew for 60 % of the lease: a node that
//! cannot reach the database stops acting as an owner before others may take over. After a loss it
//! joins again under a new incarnation.

mod actor;
mod msg;

pub(crate) use actor::{Membership, MembershipOptions};
pub(crate) use msg::MembershipMsg;
