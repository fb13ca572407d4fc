//! The actors against a real PostgreSQL: what survives which fault.

mod cluster;
mod faults;
mod feeds;
mod holds;
mod journal;
mod keys;
mod long_sessions;
mod projects;
mod script;
mod switchboard;
mod world;
