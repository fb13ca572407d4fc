//! `POST /api/admin/workers` (contract 02 §11).

use super::refusal;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerSchema},
    state::HttpState,
};
use axum::extract::State;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::managed_worker::WorkerRequest;
use cowork_store::Registration;
use http::StatusCode;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

/// Somebody may be retired meanwhile.
const FULL: Duration = Duration::from_secs(60);

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerRegistered {
    worker: WorkerSchema,
}

/// Register a worker in a pool. One with the id that is there already stays as it is.
#[utoipa::path(post, path = "/api/admin/workers", operation_id = "registerManagedWorker", tag = "administration",
    request_body(content = serde_json::Value, example = json!({"poolId": "mwp_D5l2EVy7WzMq8sT1", "displayName": "W1", "version": "1.0"})),
    responses(
        (status = 201, description = "The worker", body = WorkerRegistered, example = json!({"worker": {"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "displayName": "W1", "status": "pending", "version": "1.0", "capabilities": {}, "lastHeartbeatAt": null,
            "lastErrorCode": null, "lastErrorSummary": null, "currentLoad": 0, "createdAt": "2026-11-21T17:56:51.228Z",
            "updatedAt": "2026-11-21T17:56:51.228Z", "revokedAt": null}})),
        (status = 400, description = "No pool or name, or an unknown value", body = ErrorBody,
            example = json!({"error": "Managed worker poolId and displayName are required.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "No pool of the organisation has the id", body = ErrorBody,
            example = json!({"error": "Managed worker pool was not found.", "code": "resource.not_found"})),
        (status = 429, description = "The pool has as many workers as it may have", body = ErrorBody),
    ))]
pub(super) async fn register(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    body.fields.refuse_nul(&["capabilities"])?;
    let request = WorkerRequest::read(&body.fields.0)?;
    let clock = state.node.clock();
    let id = request.worker_id.clone().unwrap_or_else(|| format!("mworker_{}", URL_SAFE_NO_PAD.encode(clock.random_bytes::<12>())));
    match state.node.store().register_worker(caller.principal(), &id, &request, &clock.nonce(), clock.now()).await? {
        Registration::Registered(worker) => Ok(Json::of(&json!({ "worker": worker })).with_status(StatusCode::CREATED)),
        Registration::NoPool => Err(ApiError::not_found("Managed worker pool was not found.")),
        Registration::Full => Err(refusal::full("Managed worker pool capacity exceeded.", FULL)),
    }
}
