//! `GET /api/events`: the events of all of a user's sessions (contract 01 §7).

use crate::http::{
    connection::Connection,
    error::ApiError,
    gate::Caller,
    query,
    schema::{ErrorBody, WorkspaceEventRecord},
    sse,
    state::HttpState,
    streams::{self, StreamKind},
};
use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};

/// Follow all sessions of the caller.
///
/// The workspace counts its own sequences; `projectionVersion` is the sequence within the session.
#[utoipa::path(get, path = "/api/events", operation_id = "followWorkspace", tag = "workspace",
    params(
        ("after" = Option<String>, Query,
            description = "Resume after this sequence; 0 replays everything, `latest` nothing: only what comes from now on"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Resumes a stream when `after` does not"),
    ),
    responses(
        (status = 200, description = "The stream; each `data` line is one event", content_type = "text/event-stream", body = WorkspaceEventRecord),
        (status = 429, description = "The organisation has too many streams", body = ErrorBody,
            example = json!({"error": "Too many concurrent streams for this organization.", "code": "quota.streams_exceeded"})),
        (status = 503, description = "The server is shutting down", body = ErrorBody),
    ))]
pub(super) async fn events(
    State(state): State<HttpState>,
    caller: Caller,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Result<Response, ApiError> {
    let start = query::stream_start(request.uri(), request.headers());
    let (after, began) = start.place(state.node.store().workspace_bounds(caller.principal().workspace())).await?;
    let permit = streams::admit(&state, caller.member(), StreamKind::Workspace, connection.cut())?;
    let subscription = state.node.subscribe_workspace(caller.principal(), after);
    Ok(sse::respond(&state, connection, subscription, permit, began))
}
