//! `POST /api/admin/workers/{id}/credentials/{cid}/rotate` (contract 02 §11).

use super::{
    issue_credential::{IssuedCredential, end, shown},
    refusal,
};
use crate::{
    http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
    identity::WorkerCredential,
};
use axum::extract::{Path, State};
use cowork_store::{CredentialChange, NewCredential};

/// Put a new credential in the place of one that still counts. The old one stops at once.
#[utoipa::path(post, path = "/api/admin/workers/{id}/credentials/{credential}/rotate", operation_id = "rotateWorkerCredential", tag = "administration",
    params(("id" = String, Path, description = "The worker's id"), ("credential" = String, Path, description = "The old credential's id")),
    request_body(content = serde_json::Value, example = json!({"expiresAt": "2027-02-19T00:00:00.000Z"})),
    responses(
        (status = 201, description = "The new credential, with its secret this once", body = IssuedCredential),
        (status = 400, description = "An end that is past", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The worker has no such credential", body = ErrorBody,
            example = json!({"error": "Managed worker credential was not found.", "code": "resource.not_found"})),
        (status = 409, description = "The worker or the credential is over", body = ErrorBody),
    ))]
pub(super) async fn rotate(
    State(state): State<HttpState>,
    caller: Caller,
    Path((id, old)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let clock = state.node.clock();
    let expires_at = end(&body.fields, clock.now())?;
    let made = WorkerCredential::mint(clock.random_bytes());
    let new = NewCredential { id: made.id(), hash: made.hash(), last4: made.last4(), expires_at };
    match state.node.store().rotate_worker_credential(caller.principal(), &id, &old, &new, &clock.nonce(), clock.now()).await? {
        CredentialChange::Made(record) => Ok(shown(&record, &made)),
        CredentialChange::Unknown => Err(ApiError::not_found("Managed worker credential was not found.")),
        CredentialChange::Over => Err(refusal::over("This managed worker or its credential is retired or revoked.")),
    }
}
