//! Behaviour of the store against a real PostgreSQL.

mod audit;
mod cluster;
mod failover;
mod fence;
mod front;
mod identity;
mod journal;
mod limits;
mod mail;
mod membership;
mod migration;
mod moves;
mod objects;
mod private_server;
mod session;
mod story;
