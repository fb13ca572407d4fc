//! `POST /api/sessions/{id}/abort` (contract 01 §2).

use super::{SessionPath, submit};
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{CommandEnvelope, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::session::CommandKind;

/// Stop the running prompt. Waiting prompts go on.
#[utoipa::path(post, path = "/api/sessions/{id}/abort", operation_id = "abortSession", tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 202, description = "Stopped; also when nothing ran", body = CommandEnvelope),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 503, description = "The session can't be reached or is quarantined", body = ErrorBody),
    ))]
pub(super) async fn abort(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let id = state.node.clock().mint_command_id();
    submit(&state, &caller, session.id()?, id, CommandKind::Abort {}).await
}
