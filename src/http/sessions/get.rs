//! `GET /api/sessions/{id}` (contract 01 §2).

use super::SessionPath;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{CloudSessionView, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::ViewShape;

/// Read a session with its projection.
#[utoipa::path(get, path = "/api/sessions/{id}", operation_id = "getSession", tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "The session", body = CloudSessionView),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody,
            example = json!({"error": "Cloud session was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let view = state.node.read_session(caller.principal(), session.id()?, ViewShape::Cloud).await?;
    Ok(Json::text(view))
}
