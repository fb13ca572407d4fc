//! Who is in the cluster and who owns which shard (architecture §5). All clocks are the database's.
//!
//! Every change of ownership takes the former owner's lock exclusively and raises the epoch, so that
//! it waits for the batches that run, and what was queued behind it is refused.

mod fence;
mod heartbeats;
mod idle_connection;
mod liveness;
pub(crate) mod locks;
mod node;
mod roster;
mod shards;
mod view;

pub use fence::FenceViolation;
pub use heartbeats::NodeHeartbeat;
pub(crate) use idle_connection::IdleConnection;
pub use liveness::LivenessLock;
pub use node::{NodeRegistration, Registered, Renewal};
pub use roster::NameInUse;
pub use view::{ClusterView, NodeRow, ShardMove, ShardRow};
