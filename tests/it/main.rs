//! The program from outside: the real binary, a real PostgreSQL, real sockets.

mod answer;
mod audit;
mod caller;
mod canary;
mod cli;
mod cluster;
mod event_stream;
mod front_door;
mod lifecycle;
mod managed_workers;
mod policy;
mod program;
mod runtime;
mod scim;
mod server;
mod sessions;
mod setting;
mod settings;
mod sign_in;
mod sso;
mod streams;
mod tokens;
