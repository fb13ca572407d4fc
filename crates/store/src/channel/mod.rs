//! Channels: agents, bindings, the people in chats, threads, what comes in, what goes out, and leases of gateways.

mod agent;
mod authority;
mod binding;
mod delivery;
mod identity;
mod inbox;
mod interaction;
mod lease;
mod provider_event;
mod session;

pub use agent::AgentCreated;
pub use authority::GrantedSession;
pub use binding::{BindingCount, BindingCreated, BindingQuotaExceeded};
pub use delivery::{Backlog, BindingBacklog, DeliveryFilter, DeliveryOperation, DeliveryPlace, OpenDeliveries, SettleError};
pub use identity::{IdentityFilter, UnknownAccount};
pub use inbox::AcceptedMessage;
pub use interaction::{InteractionCommand, KeptInteraction};
pub use lease::LeaseAnswer;
pub use session::{BoundThread, CursorMove};
