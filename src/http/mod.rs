//! Every byte of HTTP, server-sent events and WebSocket.
//!
//! A request comes in through [`server`](serve) (our own accept loop), gets its request id and its
//! normal path in `dispatch`, and meets the route table in `routes`. Each route brings a `gate`:
//! who is it, is the feature on, is the person a member, may they do this. Only then does the
//! handler run; there is one per file, in a folder per resource, and it holds no rules: it reads the
//! request, asks the node, and puts the answer together. Errors of all of them have one shape,
//! `error`.
//!
//! Before all that, `limits` turns away who asks too often or shows bad credentials again and again.
//!
//! Streams are bodies over the feed's ready-made frames (`sse`), or one socket that carries many of
//! them and commands besides (`ws`); `streams` counts both per organisation.

pub mod access_page;
mod admin;
mod answer;
mod artifacts;
mod audit;
mod auth;
mod billing;
mod body;
mod byok;
mod capabilities;
mod channels;
mod connection;
mod cors;
mod credential_notes;
mod departures;
mod dispatch;
mod docs;
mod error;
mod gate;
mod health;
mod idempotency;
mod import;
mod invites;
mod launchpad;
mod limits;
mod lingering;
mod managed_workers;
mod mandate;
mod members;
mod metrics;
mod ops;
mod options;
mod path;
mod policy;
mod project_sources;
mod query;
mod request_id;
mod revocation;
mod roles;
mod routes;
mod runtime;
mod schema;
mod scim;
mod security_headers;
mod served;
mod server;
mod sessions;
mod settings;
mod sse;
mod sso;
mod state;
mod streams;
mod threads;
mod tokens;
pub mod unsent_codes;
mod usage;
mod watched_body;
mod workflows;
mod workspace;
mod ws;

pub use byok::ByokOptions;
pub use channels::{ChannelOptions, DeliveryOptions};
pub use options::{BodyLimits, BrowserSessions, ExecutionIsolation, HttpOptions, Timeouts};
pub use routes::openapi;
pub use server::{Stop, serve};
pub use state::{HttpState, RenderMetrics};
pub use usage::UsageOptions;

pub(crate) use self::{error::ApiError, gate::Gate, health::Standing, tokens::ApiToken};
