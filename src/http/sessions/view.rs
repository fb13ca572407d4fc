//! `GET /api/sessions/{id}/view`: with the renderer's shape beside (contract 01 §1.4).

use super::SessionPath;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SessionWithView},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::ViewShape;

/// Read a session in the shape that a renderer shows.
#[utoipa::path(get, path = "/api/sessions/{id}/view", operation_id = "viewSession", tag = "sessions",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "The session with its view", body = SessionWithView),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn view(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let view = state.node.read_session(caller.principal(), session.id()?, ViewShape::WithView).await?;
    Ok(Json::text(view))
}
