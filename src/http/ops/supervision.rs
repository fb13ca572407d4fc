//! `GET /api/ops/supervision` (architecture §4).

use crate::http::{answer::Json, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;

/// Read the actor tree of this node: what is alive, what restarted, what is quarantined.
#[utoipa::path(get, path = "/api/ops/supervision", operation_id = "readSupervision", tag = "operations",
    responses(
        (status = 200, description = "The actor tree", body = serde_json::Value),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, _caller: Caller) -> Json {
    Json::of(&state.node.supervision().await)
}
