//! Several processes that are one cloud.

mod drain;
mod harness;
mod membership;
mod roles;
mod serving;
mod status;
mod stop;
