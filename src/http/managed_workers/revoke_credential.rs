//! `POST /api/admin/workers/{id}/credentials/{cid}/revoke` (contract 02 §11).

use super::refusal;
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
struct WorkerCredentialRevoked {
    credential: Option<WorkerCredentialSchema>,
}

/// Take a credential back. Again is no error.
#[utoipa::path(post, path = "/api/admin/workers/{id}/credentials/{credential}/revoke", operation_id = "revokeWorkerCredential", tag = "administration",
    params(("id" = String, Path, description = "The worker's id"), ("credential" = String, Path, description = "The credential's id")),
    responses(
        (status = 200, description = "The credential as it is now", body = WorkerCredentialRevoked, example = json!({"credential": {"credentialId": "mwcred_9N9ckiIoOasAOwo2", "orgId": "acme",
            "workerId": "mworker_S44GlS7RMgMbT2u9", "poolId": "mwp_D5l2EVy7WzMq8sT1", "scopes": ["heartbeat"], "last4": "x4Yw",
            "expiresAt": "2027-02-19T17:56:51.539Z", "revokedAt": null, "lastUsedAt": null, "rotatedFromCredentialId": null,
            "createdAt": "2026-11-21T17:56:51.539Z", "updatedAt": "2026-11-21T17:56:51.539Z"}})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The worker has no such credential", body = WorkerCredentialRevoked, example = json!({"credential": null, "error": "Managed worker credential was not found."})),
    ))]
pub(super) async fn revoke(
    State(state): State<HttpState>,
    caller: Caller,
    Path((id, credential)): Path<(String, String)>,
) -> Result<Json, ApiError> {
    let clock = state.node.clock();
    let revoked = state.node.store().revoke_worker_credential(caller.principal(), &id, &credential, &clock.nonce(), clock.now()).await?;
    Ok(revoked.map_or_else(
        || refusal::nothing("credential", "Managed worker credential was not found."),
        |credential| Json::of(&json!({ "credential": credential })),
    ))
}
