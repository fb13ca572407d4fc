//! `POST /api/workers/{id}/heartbeat` (contract 02 §11).

use super::refusal;
use crate::{
    http::{
        answer::Json,
        body::JsonBody,
        error::ApiError,
        gate::Caller,
        schema::{ErrorBody, WorkerBeatSchema},
        state::HttpState,
    },
    identity::Proof,
};
use axum::extract::{Path, State};
use cowork_domain::managed_worker::HeartbeatReport;
use cowork_store::Heard;
use http::StatusCode;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

/// Others may be done with some of their work.
const OVERLOADED: Duration = Duration::from_secs(30);

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerHeard {
    heartbeat: WorkerBeatSchema,
}

/// Say how a worker is. Only its own credential may.
#[utoipa::path(post, path = "/api/workers/{id}/heartbeat", operation_id = "sendWorkerHeartbeat", tag = "operations",
    params(("id" = String, Path, description = "The worker's id")),
    request_body(content = serde_json::Value, example = json!({
        "version": "1.1", "capabilities": {"gpu": false}, "currentLoad": 1, "activeWorkIds": ["a"], "heartbeatSequence": 1})),
    responses(
        (status = 200, description = "As it is kept", body = WorkerHeard, example = json!({"heartbeat": {"workerId": "mworker_S44GlS7RMgMbT2u9", "orgId": "acme", "tenantId": "acme",
            "poolId": "mwp_D5l2EVy7WzMq8sT1", "version": "1.1", "capabilities": {"gpu": false}, "currentLoad": 1, "activeWorkIds": ["a"],
            "lastErrorCode": null, "lastErrorSummary": null, "heartbeatSequence": 1, "receivedAt": "2026-11-21T17:56:51.763Z"}})),
        (status = 400, description = "More than 500 ids, or text that is too long", body = ErrorBody),
        (status = 401, description = "The credential is over", body = ErrorBody),
        (status = 403, description = "Not the credential of this worker", body = ErrorBody,
            example = json!({"error": "Managed worker heartbeat requires this worker credential.", "code": "authorization.denied"})),
        (status = 429, description = "The pool would have more to do than it may", body = ErrorBody,
            example = json!({"error": "Managed worker pool work capacity exceeded.", "code": "capacity_unavailable", "retryAfterMs": 30000,
                "verdict": {"allowed": false, "reason": "Managed worker pool work capacity exceeded.", "policyCode": "capacity_unavailable"}})),
    ))]
pub(super) async fn hear(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>, body: JsonBody) -> Result<Json, ApiError> {
    let Proof::Worker { worker, pool, credential } = &caller.member().proof else { return Err(foreign()) };
    if *worker != id {
        return Err(foreign());
    }
    body.fields.refuse_nul(&["capabilities"])?;
    let report = HeartbeatReport::read(&body.fields.0)?;
    match state.node.store().hear_worker(&caller.principal().org_id, worker, pool, credential, &report).await? {
        Heard::Kept(heartbeat) => Ok(Json::of(&json!({ "heartbeat": heartbeat }))),
        Heard::Overloaded => Err(refusal::full("Managed worker pool work capacity exceeded.", OVERLOADED)),
        Heard::NoWorker => Err(foreign()),
    }
}

fn foreign() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "Managed worker heartbeat requires this worker credential.")
}
