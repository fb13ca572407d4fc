//! What the process says about itself: logs on stderr, metrics on request.

pub mod catalogue;
pub mod logs;
pub mod metrics;
mod process;
