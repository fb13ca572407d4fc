//! Messages that are handed over for good (`docs/channels-inbox.md`): our own addition, one call in place of the four with
//! which the contract makes a prompt of a message.

pub(super) mod accept;
pub(super) mod show;
