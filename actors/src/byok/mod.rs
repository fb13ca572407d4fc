//! Checks of provider keys: one supervised actor per key that is to be checked.
//!
//! A request for a check is a due time in the key's row, so it outlives whoever made it and whoever runs it: the owner of the
//! key's shard looks for what is due, and somebody who waits for an answer asks it directly. The actor runs one check at a
//! time; what is asked meanwhile gets the same answer. A check counts from its beginning, so that one that takes its worker
//! down is not tried for ever. What a verdict means is decided in the domain; the probe itself is behind [`KeyChecker`].

mod actor;
mod checker;
mod keeper;
mod msg;

pub(crate) use actor::ByokActor;
pub(crate) use checker::KeyChecks;
pub use checker::{KeyCheckOptions, KeyChecker};
pub(crate) use keeper::keep_checks;
pub(crate) use msg::ByokMsg;
