//! Who is in the cluster and who owns which shard (architecture §5). All clocks are the database's.
//!
//! Every change of ownership takes the former owner's lock exclusively and raises the epoch, so that
//! it waits for the batches that run, and what was queued behind it is refused.

mod liveness;
pub(crate) mod locks;
mod node;
mod shards;

pub use liveness::LivenessLock;
pub use node::{NodeRegistration, Registered, Renewal};
