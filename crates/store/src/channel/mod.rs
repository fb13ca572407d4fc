//! Channels: chats of other systems, whose threads are sessions of ours.

mod delivery;
mod lease;

pub use delivery::{
    Backlog, BindingBacklog, ClaimOrder, ClaimRefusal, Claimed, DeliveryFilter, DeliveryPlace, SettleError, StreamCredit,
};
pub use lease::LeaseAnswer;
