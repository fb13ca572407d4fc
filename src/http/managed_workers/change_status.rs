//! `POST /api/admin/workers/{id}/{activate|resume|pause|drain|retire|revoke|unhealthy}` (contract 02 §11).

use super::refusal;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::{managed_worker::WorkerStatus, policy::Denial};
use cowork_store::Moved;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerMoved {
    worker: Option<WorkerSchema>,
}

/// Change where a worker is in its life. Retired and revoked are for good: its credentials open nothing any more.
#[utoipa::path(post, path = "/api/admin/workers/{id}/{verb}", operation_id = "changeManagedWorker", tag = "administration",
    params(
        ("id" = String, Path, description = "The worker's id"),
        ("verb" = String, Path, description = "activate, resume, pause, drain, retire, revoke or unhealthy"),
    ),
    request_body(content = serde_json::Value, example = json!({"reason": "maintenance"})),
    responses(
        (status = 200, description = "The worker as it is now", body = WorkerMoved, example = json!({"worker": {"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "displayName": "W1", "status": "pending", "version": "1.0", "capabilities": {}, "lastHeartbeatAt": null,
            "lastErrorCode": null, "lastErrorSummary": null, "currentLoad": 0, "createdAt": "2026-11-21T17:56:51.228Z",
            "updatedAt": "2026-11-21T17:56:51.228Z", "revokedAt": null}})),
        (status = 400, description = "Its life doesn't have that change", body = ErrorBody,
            example = json!({"error": "Invalid managed worker transition from pending to draining.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "No worker of the organisation has the id", body = WorkerMoved, example = json!({"worker": null, "error": "Managed worker was not found."})),
    ))]
pub(super) async fn change(
    State(state): State<HttpState>,
    caller: Caller,
    Path((id, verb)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let status = WorkerStatus::of_verb(&verb).ok_or_else(Denial::unknown_action)?;
    let clock = state.node.clock();
    let reason = body.fields.text("reason");
    match state.node.store().move_worker(caller.principal(), &id, status, reason, &clock.nonce(), clock.now()).await? {
        Moved::Done(worker) => Ok(Json::of(&json!({ "worker": worker }))),
        Moved::NoWorker => Ok(refusal::nothing("worker", "Managed worker was not found.")),
        Moved::Invalid(invalid) => Err(ApiError::invalid(invalid.to_string())),
    }
}
