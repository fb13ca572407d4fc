//! `POST /api/sessions/{id}/abort` (contract 01 §2).

use super::{SessionPath, submit_once};
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    idempotency::IdempotencyKey,
    schema::{CommandEnvelope, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::session::CommandKind;

/// Stop the running prompt. Waiting prompts go on.
#[utoipa::path(post, path = "/api/sessions/{id}/abort", operation_id = "abortSession", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
    ),
    responses(
        (status = 202, description = "Stopped; also when nothing ran", body = CommandEnvelope),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 422, description = "The idempotency key was used for another request", body = ErrorBody),
        (status = 503, description = "The session can't be reached or is quarantined", body = ErrorBody),
    ))]
pub(super) async fn abort(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    key: IdempotencyKey,
) -> Result<Json, ApiError> {
    submit_once(&state, &caller, key, session.id()?, CommandKind::Abort {}).await
}
