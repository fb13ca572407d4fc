//! `GET /api/sessions/{id}/artifacts` (contract 05 §1.3): what the session's log says of its artifacts.

use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, sessions::SessionPath, state::HttpState};
use axum::extract::State;
use cowork_actors::ViewShape;

/// List the artifacts of a session, the newest first, at most 500.
#[utoipa::path(get, path = "/api/sessions/{id}/artifacts", operation_id = "listSessionArtifacts", tag = "artifacts",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "The artifacts", body = serde_json::Value, example = json!({"artifacts": []})),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let artifacts = state.node.read_session(caller.principal(), session.id()?, ViewShape::Artifacts).await?;
    Ok(Json::text(artifacts))
}
