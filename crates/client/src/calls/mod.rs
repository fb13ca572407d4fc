//! The typed calls, grouped by what they are about.

pub(crate) mod channels;
pub(crate) mod cluster;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod operations;
pub(crate) mod prompting;
pub(crate) mod sessions;
pub(crate) mod tokens;
