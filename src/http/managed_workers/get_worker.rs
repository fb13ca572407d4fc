//! `GET /api/admin/workers/{id}` (contract 02 §11).

use super::refusal;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerFound {
    worker: Option<WorkerSchema>,
}

/// Read a worker.
#[utoipa::path(get, path = "/api/admin/workers/{id}", operation_id = "getManagedWorker", tag = "administration",
    params(("id" = String, Path, description = "The worker's id")),
    responses(
        (status = 200, description = "The worker", body = WorkerFound, example = json!({"worker": {"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "displayName": "W1", "status": "pending", "version": "1.0", "capabilities": {}, "lastHeartbeatAt": null,
            "lastErrorCode": null, "lastErrorSummary": null, "currentLoad": 0, "createdAt": "2026-11-21T17:56:51.228Z",
            "updatedAt": "2026-11-21T17:56:51.228Z", "revokedAt": null}})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "No worker of the organisation has the id", body = WorkerFound, example = json!({"worker": null, "error": "Managed worker was not found."})),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json, ApiError> {
    let worker = state.node.store().managed_worker(&caller.principal().org_id, &id).await?;
    Ok(worker.map_or_else(|| refusal::nothing("worker", "Managed worker was not found."), |worker| Json::of(&json!({ "worker": worker }))))
}
