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
mod policy;
mod program;
mod server;
mod runtime;
mod scim;
mod sessions;
mod setting;
mod settings;
mod sso;
mod streams;
