//! Channels: agents, bindings, the people in chats, threads, and what comes in.

mod agent;
mod authority;
mod binding;
mod identity;
mod inbox;
mod interaction;
mod provider_event;
mod session;

pub use agent::AgentCreated;
pub use authority::GrantedSession;
pub use binding::{BindingCount, BindingCreated, BindingQuotaExceeded};
pub use identity::{IdentityFilter, UnknownAccount};
pub use inbox::AcceptedMessage;
pub use interaction::{InteractionCommand, KeptInteraction};
pub use session::{BoundThread, CursorMove};
