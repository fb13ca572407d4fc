//! One node: its root supervisor, and the handle through which the front door reaches its entities.

mod handle;
mod options;
mod reads;
mod root;
mod route;
mod shared;

pub use handle::{CreateSession, NodeHandle, Readiness, StartError};
pub use options::NodeOptions;
pub use reads::{ProjectionRepair, ProjectionStatus};
pub(crate) use root::NodeRootMsg;
pub(crate) use shared::Shared;
