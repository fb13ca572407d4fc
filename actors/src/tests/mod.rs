//! The actors against a real PostgreSQL: what survives which fault.

mod faults;
mod feeds;
mod script;
mod world;
