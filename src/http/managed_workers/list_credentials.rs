//! `GET /api/admin/workers/{id}/credentials` (contract 02 §11).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, WorkerCredentialSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct WorkerCredentialList {
    credentials: Vec<WorkerCredentialSchema>,
}

/// List a worker's credentials, newest first. A worker that there isn't has none.
#[utoipa::path(get, path = "/api/admin/workers/{id}/credentials", operation_id = "listWorkerCredentials", tag = "administration",
    params(("id" = String, Path, description = "The worker's id")),
    responses(
        (status = 200, description = "The credentials, without their secrets", body = WorkerCredentialList, example = json!({"credentials": [{"credentialId": "mwcred_9N9ckiIoOasAOwo2", "orgId": "acme",
            "workerId": "mworker_S44GlS7RMgMbT2u9", "poolId": "mwp_D5l2EVy7WzMq8sT1", "scopes": ["heartbeat"], "last4": "x4Yw",
            "expiresAt": "2027-02-19T17:56:51.539Z", "revokedAt": null, "lastUsedAt": null, "rotatedFromCredentialId": null,
            "createdAt": "2026-11-21T17:56:51.539Z", "updatedAt": "2026-11-21T17:56:51.539Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json, ApiError> {
    let credentials = state.node.store().worker_credentials(&caller.principal().org_id, &id).await?;
    Ok(Json::of(&json!({ "credentials": credentials })))
}
