//! The turn actor: one prompt's execution.
//!
//! It carries the runtime's reports to its session and waits until they are durable before it takes
//! more, so a fast model is slowed down to the log's speed instead of filling memory. What arrives
//! meanwhile goes into the next append together. Killing the actor drops the runtime's stream, which
//! ends whatever the runtime was doing.

mod actor;
mod msg;

pub(crate) use actor::{TurnActor, TurnArguments};
pub(crate) use msg::TurnMsg;
