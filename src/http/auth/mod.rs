//! Who asks, and how a browser is signed in and out (contract 00 §3.6).
//!
//! These routes look at their callers themselves: a deployment without browser sessions says so before it asks who is there.

mod create_session;
mod desktop_config;
mod device;
mod end_session;
mod fallback;
mod list_sessions;
mod logout;
mod me;
mod open_session;
mod person;

use super::{gate::Gate, state::HttpState};
use axum::routing::any;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

/// The routes of this resource. A wrong method on a known path is as unknown as any other.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let or_unknown = |(schemas, paths, methods): UtoipaMethodRouter<HttpState>| (schemas, paths, methods.fallback(fallback::unknown));
    OpenApiRouter::new()
        .routes(or_unknown(gate.credential(routes!(me::me))))
        .routes(or_unknown(gate.open(routes!(desktop_config::get))))
        .routes(or_unknown(gate.open(routes!(create_session::create))))
        .routes(or_unknown(gate.open(routes!(logout::logout))))
        .routes(or_unknown(gate.open(routes!(list_sessions::list))))
        .routes(or_unknown(gate.open(routes!(end_session::end))))
        .route("/auth/{*rest}", any(fallback::unknown))
}
