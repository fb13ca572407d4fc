//! `/readyz`: whether this node should get requests.

use super::checks::{self, Check};
use crate::http::{answer::Json, state::HttpState};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What is well and what is not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Readiness)]
struct Readyz<'a> {
    ok: bool,
    role: &'a str,
    profile_name: &'a str,
    checks: Vec<Check>,
}

/// Whether this node should get requests.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "health",
    responses(
        (status = 200, description = "All is well", body = Readyz<'_>),
        (status = 503, description = "At least one check failed, or the node is draining", body = Readyz<'_>,
            example = json!({"ok": false, "role": "all-in-one", "profileName": "full",
                "checks": [{"name": "draining", "status": "error", "detail": "This node is draining; others take over its work."}]})),
    ))]
pub(super) async fn readyz(State(state): State<HttpState>) -> Json {
    let is_draining = state.closing.is_cancelled() || state.node.readiness().draining;
    let checks = if is_draining {
        vec![Check::failed("draining", "This node is draining; others take over its work.")]
    } else {
        checks::all(&state).await
    };
    let ok = checks.iter().all(Check::is_ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let readyz = Readyz { ok, role: state.options.role.as_str(), profile_name: &state.options.profile_name, checks };
    Json::of(&readyz).with_status(status)
}
