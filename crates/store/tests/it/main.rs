//! Behaviour of the store against a real PostgreSQL.

mod audit;
mod cluster;
mod failover;
mod fence;
mod front;
mod identity;
mod journal;
mod mail;
mod migration;
mod moves;
mod private_server;
mod session;
mod story;
