//! `GET /api/admin/workers` (contract 02 §11).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, WorkerSchema},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::managed_worker::WorkerStatus;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerList {
    workers: Vec<WorkerSchema>,
}

/// List the organisation's workers, newest first.
#[utoipa::path(get, path = "/api/admin/workers", operation_id = "listManagedWorkers", tag = "administration",
    params(
        ("poolId" = Option<String>, Query, description = "Of this pool"),
        ("status" = Option<String>, Query, description = "In this status; an unknown one is ignored"),
        ("limit" = Option<u32>, Query, description = "100 by default and 500 at most"),
    ),
    responses(
        (status = 200, description = "The workers", body = WorkerList, example = json!({"workers": [{"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "displayName": "W1", "status": "pending", "version": "1.0", "capabilities": {}, "lastHeartbeatAt": null,
            "lastErrorCode": null, "lastErrorSummary": null, "currentLoad": 0, "createdAt": "2026-11-21T17:56:51.228Z",
            "updatedAt": "2026-11-21T17:56:51.228Z", "revokedAt": null}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let pool = query.get("poolId");
    if pool.is_some_and(|pool| pool.contains('\0')) {
        return Err(ApiError::invalid("\"poolId\" holds the character U+0000."));
    }
    let status = query.get("status").and_then(WorkerStatus::parse);
    let workers = state.node.store().managed_workers(&caller.principal().org_id, pool, status, query.limit(100, 500)).await?;
    Ok(Json::of(&json!({ "workers": workers })))
}
