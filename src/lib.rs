//! Open Cowork Cloud: everything behind the `cowork` binary.

pub mod artifacts;
pub mod billing;
pub mod byok;
pub mod cli;
pub mod config;
pub mod http;
pub mod identity;
pub mod project_sources;
pub mod secrets;
pub mod serve;
pub mod telemetry;
mod web;
