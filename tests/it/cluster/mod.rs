//! Several processes that are one cloud.

mod drain;
mod files;
pub(crate) mod harness;
mod membership;
mod ownerless;
mod revocation;
mod roles;
mod serving;
mod status;
mod stop;
