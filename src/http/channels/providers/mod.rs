//! The chat systems that channels can be of.

pub(super) mod list;
