//! Channel bindings: one supervised actor per binding that something happens to.
//!
//! A binding's actor is where what arrives at once is put in order and where those who wait are woken. It is never the only
//! memory: whatever must survive is in the database before anybody gets an answer, so a binding that moves to another node or
//! starts anew goes on from its rows. Nothing that takes long is done in its mailbox, because a gateway's claim must not wait
//! behind it: such work runs in a task that reports back with a message.

mod actor;
mod answers;
mod backlog;
mod inbox;
mod msg;
mod sweep;

pub(crate) use actor::BindingActor;
pub(crate) use answers::keep_answers;
pub(crate) use backlog::keep_backlog;
pub(crate) use inbox::keep_inbox;
pub use msg::Look;
pub(crate) use msg::{BindingMsg, ClaimReply};
pub use sweep::ChannelRetention;
pub(crate) use sweep::sweep;
