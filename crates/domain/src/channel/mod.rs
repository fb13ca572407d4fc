//! Channels (contract 04): chats of other systems, whose threads are sessions of ours.
//!
//! A *binding* connects one chat system of an organisation with one of its headless agents; an *identity* says who somebody
//! in that chat system is to us; a *session binding* says which session a thread is. A gateway serves bindings with a token
//! that was granted them.

pub mod agent;
pub mod binding;
pub mod delivery;
pub mod identity;
pub mod ids;
pub mod inbox;
pub mod interaction;
pub mod lease;
pub mod provider;
pub mod provider_event;
pub mod redaction;
pub mod session;
mod word;
