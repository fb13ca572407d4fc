//! The network between the nodes, as far as a drill must be able to cut it: every link and every
//! database connection of a node goes through this process.
//!
//! A cut is what a cable does: nothing arrives any more and nobody is told. Sockets stay open, bytes
//! stay where they are, new connections get no answer. After a heal everything goes on from there.

mod database;
mod links;
mod network;
mod pump;
mod switchboard;

pub(super) use network::Network;
pub(super) use switchboard::{Line, Switchboard};

#[cfg(test)]
mod tests;
