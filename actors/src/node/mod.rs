//! One node: its root supervisor, the handle through which the front door reaches entities wherever
//! they live, and the gate through which peers reach those that live here.

mod deliveries;
mod feed_peers;
mod gate;
mod handle;
mod holds;
mod identities;
mod inbox;
mod keys;
mod life;
mod operate;
mod options;
mod readiness;
mod reads;
mod requests;
mod root;
mod route;
mod shared;

pub use deliveries::{ClaimError, TakenDeliveries};
pub use handle::{CreateSession, NodeHandle};
pub(crate) use holds::Holds;
pub(crate) use identities::KnownIdentities;
pub use life::StartError;
pub use operate::ClusterSupervision;
pub use options::{BillingRules, NodeOptions, NodeRole};
pub use readiness::Readiness;
pub use reads::{ProjectionRepair, ProjectionStatus};
pub(crate) use root::NodeRootMsg;
pub(crate) use route::activate;
pub(crate) use shared::Shared;
