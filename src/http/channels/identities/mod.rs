//! Who people in chats are.

pub(super) mod list;
pub(super) mod resolve;
