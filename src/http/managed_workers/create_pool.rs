//! `POST /api/admin/worker-pools` (contract 02 §11).

use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerPoolSchema},
    state::HttpState,
};
use axum::extract::State;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::{codes::Code, managed_worker::PoolRequest};
use http::StatusCode;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerPoolMade {
    pool: WorkerPoolSchema,
}

/// Make a pool of workers. One with the id that is there already stays as it is.
#[utoipa::path(post, path = "/api/admin/worker-pools", operation_id = "createWorkerPool", tag = "administration",
    request_body(content = serde_json::Value, example = json!({
        "name": "Pool A", "mode": "self_hosted", "region": "eu", "capabilities": {"gpu": true}, "maxWorkers": 2, "maxConcurrentWork": 3})),
    responses(
        (status = 201, description = "The pool", body = WorkerPoolMade, example = json!({"pool": {"poolId": "mwp_D5l2EVy7WzMq8sT1", "orgId": "acme", "tenantId": "acme", "name": "Pool A", "mode": "self_hosted",
            "status": "active", "region": "eu", "capabilities": {"gpu": true}, "maxWorkers": 2, "maxConcurrentWork": 3,
            "createdAt": "2026-11-21T17:56:51.113Z", "updatedAt": "2026-11-21T17:56:51.113Z"}})),
        (status = 400, description = "No name or mode, or an unknown value", body = ErrorBody,
            example = json!({"error": "Managed worker pool name and mode are required.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    body.fields.refuse_nul(&["capabilities"])?;
    let request = PoolRequest::read(&body.fields.0)?;
    let clock = state.node.clock();
    let id = request.pool_id.clone().unwrap_or_else(|| format!("mwp_{}", URL_SAFE_NO_PAD.encode(clock.random_bytes::<12>())));
    let pool = state.node.store().create_worker_pool(caller.principal(), &id, &request, &clock.nonce(), clock.now()).await?;
    // The deployment's operators are of no organisation that could own it.
    let pool = pool.ok_or_else(|| {
        ApiError::forbidden(Code::AuthorizationPrincipalDenied, "A worker pool belongs to an organization. Use a token of one.")
    })?;
    Ok(Json::of(&json!({ "pool": pool })).with_status(StatusCode::CREATED))
}
