//! Channels: agents, bindings, the people in chats, and threads.

mod agent;
mod authority;
mod binding;
mod identity;
mod session;

pub use agent::AgentCreated;
pub use authority::GrantedSession;
pub use binding::{BindingCount, BindingCreated, BindingQuotaExceeded};
pub use identity::{IdentityFilter, UnknownAccount};
pub use session::{BoundThread, CursorMove};
