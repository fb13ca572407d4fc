//! `GET /api/admin/worker-pools` (contract 02 §11).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, WorkerPoolSchema},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::managed_worker::PoolStatus;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerPoolList {
    pools: Vec<WorkerPoolSchema>,
}

/// List the organisation's pools of workers, newest first.
#[utoipa::path(get, path = "/api/admin/worker-pools", operation_id = "listWorkerPools", tag = "administration",
    params(
        ("status" = Option<String>, Query, description = "active, paused or retired; anything else is ignored"),
        ("limit" = Option<u32>, Query, description = "100 by default and 500 at most"),
    ),
    responses(
        (status = 200, description = "The pools", body = WorkerPoolList, example = json!({"pools": [{"poolId": "mwp_D5l2EVy7WzMq8sT1", "orgId": "acme", "tenantId": "acme", "name": "Pool A", "mode": "self_hosted",
            "status": "active", "region": "eu", "capabilities": {"gpu": true}, "maxWorkers": 2, "maxConcurrentWork": 3,
            "createdAt": "2026-11-21T17:56:51.113Z", "updatedAt": "2026-11-21T17:56:51.113Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let status = query.get("status").and_then(PoolStatus::parse);
    let pools = state.node.store().worker_pools(&caller.principal().org_id, status, query.limit(100, 500)).await?;
    Ok(Json::of(&json!({ "pools": pools })))
}
