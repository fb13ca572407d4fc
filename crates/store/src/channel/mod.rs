//! Channels: agents, bindings, the people in chats, threads, deliveries, and leases of gateways.

mod agent;
mod authority;
mod binding;
mod delivery;
mod identity;
mod lease;
mod session;

pub use agent::AgentCreated;
pub use authority::GrantedSession;
pub use binding::{BindingCount, BindingCreated, BindingQuotaExceeded};
pub use delivery::{Backlog, BindingBacklog, DeliveryFilter, DeliveryPlace, SettleError};
pub use identity::{IdentityFilter, UnknownAccount};
pub use lease::LeaseAnswer;
pub use session::{BoundThread, CursorMove};
