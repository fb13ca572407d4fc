//! Channels: what comes in and what goes out (contract 04).

mod inbox;
mod interaction;
mod provider_event;

pub use inbox::AcceptedMessage;
pub use interaction::{InteractionCommand, KeptInteraction};
