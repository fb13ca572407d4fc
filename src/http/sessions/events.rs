//! `GET /api/sessions/{id}/events`: a session's events as they are committed (contract 00 §9).

use super::SessionPath;
use crate::http::{
    connection::Connection,
    error::ApiError,
    gate::Caller,
    query,
    schema::{ErrorBody, SessionEventRecord},
    sse,
    state::HttpState,
    streams::{self, StreamKind},
};
use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};

/// Follow a session.
///
/// Replays what follows the cursor, then stays open. Each frame has the lines `id`, `event` and
/// `data`; `data` is the whole event. When retention removed what the cursor needs, a
/// `snapshot.required` event says so.
#[utoipa::path(get, path = "/api/sessions/{id}/events", operation_id = "followSession", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("after" = Option<String>, Query,
            description = "Resume after this sequence; 0 replays everything, `latest` nothing: only what comes from now on"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Resumes a stream when `after` does not"),
    ),
    responses(
        (status = 200, description = "The stream; each `data` line is one event", content_type = "text/event-stream", body = SessionEventRecord),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 429, description = "The organisation has too many streams", body = ErrorBody,
            example = json!({"error": "Too many concurrent streams for this organization.", "code": "quota.streams_exceeded"})),
        (status = 503, description = "The server is shutting down", body = ErrorBody),
    ))]
pub(super) async fn events(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Result<Response, ApiError> {
    let id = session.id()?;
    let start = query::stream_start(request.uri(), request.headers());
    let (after, began) = start.place(state.node.store().session_bounds(id)).await?;
    let permit = streams::admit(&state, caller.member(), StreamKind::Session, connection.cut())?;
    let subscription = state.node.subscribe_session(caller.principal(), id, after).await?;
    Ok(sse::respond(&state, connection, subscription, permit, began))
}
