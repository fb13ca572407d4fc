//! `POST /api/admin/workers/{id}/credentials` (contract 02 §11).

use super::refusal;
use crate::{
    http::{
        answer::Json,
        body::{Fields, JsonBody},
        error::ApiError,
        gate::Caller,
        schema::{ErrorBody, WorkerCredentialSchema},
        state::HttpState,
    },
    identity::WorkerCredential,
};
use axum::extract::{Path, State};
use cowork_domain::{managed_worker::WorkerCredentialRecord, timestamp::Timestamp};
use cowork_store::{CredentialChange, NewCredential};
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::ToSchema;

const LIFETIME_MS: i64 = 90 * 24 * 3_600_000;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
pub(super) struct IssuedCredential {
    credential: CredentialWithSecret,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct CredentialWithSecret {
    credential: WorkerCredentialSchema,
    /// Shown once.
    plaintext: String,
}

/// Give a worker a credential, which lives for 90 days unless said otherwise.
#[utoipa::path(post, path = "/api/admin/workers/{id}/credentials", operation_id = "issueWorkerCredential", tag = "administration",
    params(("id" = String, Path, description = "The worker's id")),
    request_body(content = serde_json::Value, example = json!({"scopes": ["heartbeat"]})),
    responses(
        (status = 201, description = "The credential, with its secret this once", body = IssuedCredential),
        (status = 400, description = "A scope other than heartbeat, or an end that is past", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "No worker of the organisation has the id", body = ErrorBody,
            example = json!({"error": "Managed worker was not found.", "code": "resource.not_found"})),
        (status = 409, description = "The worker is retired or revoked", body = ErrorBody),
    ))]
pub(super) async fn issue(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let is_heartbeat =
        |scopes: &Value| scopes.as_array().is_some_and(|scopes| !scopes.is_empty() && scopes.iter().all(|scope| scope == "heartbeat"));
    if !body.fields.value("scopes").is_none_or(is_heartbeat) {
        return Err(ApiError::invalid("Managed worker credentials have the scope heartbeat and no other."));
    }
    let clock = state.node.clock();
    let expires_at = end(&body.fields, clock.now())?;
    let made = WorkerCredential::mint(clock.random_bytes());
    let new = NewCredential { id: made.id(), hash: made.hash(), last4: made.last4(), expires_at };
    match state.node.store().issue_worker_credential(caller.principal(), &id, &new, &clock.nonce(), clock.now()).await? {
        CredentialChange::Made(record) => Ok(shown(&record, &made)),
        CredentialChange::Unknown => Err(ApiError::not_found("Managed worker was not found.")),
        CredentialChange::Over => Err(refusal::over("This managed worker is retired or revoked.")),
    }
}

/// When a new credential ends.
pub(super) fn end(fields: &Fields, now: Timestamp) -> Result<Timestamp, ApiError> {
    let end = fields.date("expiresAt")?.unwrap_or_else(|| now.plus_millis(LIFETIME_MS));
    if end <= now {
        return Err(ApiError::invalid("Managed worker credential expiration must be in the future."));
    }
    Ok(end)
}

/// The contract nests the record and its plaintext once more.
pub(super) fn shown(record: &WorkerCredentialRecord, made: &WorkerCredential) -> Json {
    Json::of(&json!({ "credential": { "credential": record, "plaintext": made.plaintext() } })).with_status(StatusCode::CREATED)
}
