//! `GET /api/sessions/{id}/projection-status`: for operators (contract 01 §2).

use super::SessionPath;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use cowork_domain::{
    ids::{Sequence, SessionId},
    timestamp::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a session's projection is behind its log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectionStatus)]
struct Status {
    #[schema(value_type = String)]
    session_id: SessionId,
    event_count: u64,
    #[schema(value_type = u64)]
    latest_event_sequence: Sequence,
    #[schema(value_type = u64)]
    projection_sequence: Sequence,
    lag: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    projection_updated_at: Option<Timestamp>,
}

/// Compare a session's projection with its log.
#[utoipa::path(get, path = "/api/sessions/{id}/projection-status", operation_id = "readProjectionStatus", tag = "operations",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "Where the projection stands", body = Status),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let session_id = session.id()?;
    let status = state.node.projection_status(caller.principal(), session_id).await?;
    Ok(Json::of(&Status {
        session_id,
        event_count: status.event_count,
        latest_event_sequence: status.latest_event_sequence,
        projection_sequence: status.projection_sequence,
        lag: status.latest_event_sequence.0.saturating_sub(status.projection_sequence.0),
        projection_updated_at: status.projection_updated_at,
    }))
}
