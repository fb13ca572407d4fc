//! `GET /api/admin/workers/{id}/heartbeats` (contract 02 §11).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerBeatSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerHeartbeatList {
    heartbeats: Vec<WorkerBeatSchema>,
}

/// List what a worker said. Only the latest is kept.
#[utoipa::path(get, path = "/api/admin/workers/{id}/heartbeats", operation_id = "listManagedWorkerHeartbeats", tag = "administration",
    params(
        ("id" = String, Path, description = "The worker's id"),
        ("limit" = Option<u32>, Query, description = "There never is more than one"),
    ),
    responses(
        (status = 200, description = "One or none", body = WorkerHeartbeatList, example = json!({"heartbeats": [{"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "version": "1.1", "capabilities": {"gpu": false}, "currentLoad": 1, "activeWorkIds": ["a"],
            "lastErrorCode": null, "lastErrorSummary": null, "heartbeatSequence": 1, "receivedAt": "2026-11-21T17:56:51.763Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json, ApiError> {
    let heartbeat = state.node.store().worker_heartbeat(&caller.principal().org_id, &id).await?;
    Ok(Json::of(&json!({ "heartbeats": Vec::from_iter(heartbeat) })))
}
