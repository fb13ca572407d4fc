//! Behaviour of the store against a real PostgreSQL.

mod fence;
mod front;
mod journal;
mod migration;
mod private_server;
mod session;
mod story;
