//! Who asks, and the parts of browser login that this deployment answers with "not configured"
//! (contract 00 §3.6).

mod desktop_config;
mod me;
mod not_configured;

use super::{gate::Gate, state::HttpState};
use axum::routing::any;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource. A wrong method on a known path is as unknown as any other.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let (schemas, paths, methods) = gate.credential(routes!(me::me));
    let me = (schemas, paths, methods.fallback(not_configured::browser_sessions));
    let (schemas, paths, methods) = gate.open(routes!(desktop_config::get));
    let desktop_config = (schemas, paths, methods.fallback(not_configured::browser_sessions));
    OpenApiRouter::new().routes(me).routes(desktop_config).route("/auth/{*rest}", any(not_configured::browser_sessions))
}
