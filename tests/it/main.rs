//! The program from outside: the real binary, a real PostgreSQL, real sockets.

mod answer;
mod audit;
mod caller;
mod canary;
mod cli;
mod cluster;
mod event_stream;
mod front_door;
mod identity;
mod lifecycle;
mod limits;
mod members;
mod oidc;
mod orgs;
mod policy;
mod program;
mod server;
mod runtime;
mod scim;
mod sessions;
mod setting;
mod sign_in;
mod settings;
mod sso;
mod streams;
mod tokens;
