//! `GET /api/workers/heartbeats` (contract 02 §1).

use super::report;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, NodeHeartbeats},
    state::HttpState,
};
use axum::extract::State;
use serde_json::json;

/// Read when each working node was last heard of.
#[utoipa::path(get, path = "/api/workers/heartbeats", operation_id = "readWorkerHeartbeats", tag = "operations",
    responses(
        (status = 200, description = "The nodes that run agents or schedules", body = NodeHeartbeats, example = json!({
            "heartbeats": [{"workerId": "w1", "role": "worker", "activeSessionIds": [], "lastSeenAt": "2026-11-21T17:54:53.282Z"}]})),
        (status = 403, description = "Only operator and worker-internal tokens and the local principal", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    Ok(Json::of(&json!({ "heartbeats": report::heartbeats(&state, &caller).await? })))
}
