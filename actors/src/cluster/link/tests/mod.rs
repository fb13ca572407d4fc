//! Links between real processes: what goes wrong between nodes, and what their users see of it.
//!
//! ractor's tables are global to a process, so every node is a process of its own: this test binary, started again as
//! [`peer`]. A test drives its nodes through their standard input and output.

mod bounds;
mod failures;
mod node;
mod peer;
mod refusals;
mod round_trips;
mod secrecy;
