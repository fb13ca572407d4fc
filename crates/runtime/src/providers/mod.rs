//! Requests to model providers, wherever they come from.

mod authorities;
mod outbound;
pub mod probe;

pub use authorities::{AuthorityError, check_authorities};
pub use outbound::Outbound;
pub(crate) use outbound::Unreached;
