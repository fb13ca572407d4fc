//! `GET /api/runtime/status` (contract 02 §1).

use super::report::{self, Capabilities};
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, RuntimeStatus},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::Heartbeat;
use serde::Serialize;

#[derive(Serialize)]
struct Status<'a> {
    #[serde(flatten)]
    capabilities: Capabilities<'a>,
    heartbeats: Vec<Heartbeat>,
}

/// Read what this node does, and when each working node was last heard of.
#[utoipa::path(get, path = "/api/runtime/status", operation_id = "readRuntimeStatus", tag = "operations",
    responses(
        (status = 200, description = "The machinery as it is now", body = RuntimeStatus, example = json!({
            "role": "all-in-one", "profileName": "full", "canExecute": true, "commandProcessing": "inline", "checkpoints": true,
            "heartbeats": [{"workerId": "w1", "role": "worker", "activeSessionIds": ["ses_018f2f5c3b1e7c008a1b2c3d4e5f6071"],
                "lastSeenAt": "2026-11-21T17:54:53.282Z"}]})),
        (status = 403, description = "Only operator and worker-internal tokens and the local principal", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let heartbeats = report::heartbeats(&state, &caller).await?;
    Ok(Json::of(&Status { capabilities: Capabilities::of(&state), heartbeats }))
}
