//! Requests to model providers, wherever they come from.

mod outbound;
pub mod probe;

pub use outbound::Outbound;
pub(crate) use outbound::Unreached;
