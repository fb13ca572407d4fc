//! `POST /api/admin/worker-pools/{id}/update` (contract 02 §11).

use super::refusal;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerPoolSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::managed_worker::PoolEdit;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerPoolUpdated {
    pool: Option<WorkerPoolSchema>,
}

/// Change a pool of workers. What the request doesn't name stays as it is.
#[utoipa::path(post, path = "/api/admin/worker-pools/{id}/update", operation_id = "updateWorkerPool", tag = "administration",
    params(("id" = String, Path, description = "The pool's id")),
    request_body(content = serde_json::Value, example = json!({"status": "paused"})),
    responses(
        (status = 200, description = "The pool as it is now", body = WorkerPoolUpdated, example = json!({"pool": {"poolId": "mwp_D5l2EVy7WzMq8sT1", "orgId": "acme", "tenantId": "acme", "name": "Pool A", "mode": "self_hosted",
            "status": "active", "region": "eu", "capabilities": {"gpu": true}, "maxWorkers": 2, "maxConcurrentWork": 3,
            "createdAt": "2026-11-21T17:56:51.113Z", "updatedAt": "2026-11-21T17:56:51.113Z"}})),
        (status = 400, description = "An unknown value", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "No pool of the organisation has the id", body = WorkerPoolUpdated, example = json!({"pool": null, "error": "Managed worker pool was not found."})),
    ))]
pub(super) async fn update(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    body.fields.refuse_nul(&["capabilities"])?;
    let edit = PoolEdit::read(&body.fields.0)?;
    let clock = state.node.clock();
    let pool = state.node.store().update_worker_pool(caller.principal(), &id, &edit, &clock.nonce(), clock.now()).await?;
    Ok(pool.map_or_else(|| refusal::nothing("pool", "Managed worker pool was not found."), |pool| Json::of(&json!({ "pool": pool }))))
}
