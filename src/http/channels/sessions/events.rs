//! `GET /api/channels/sessions/{sessionBindingId}/events`: a thread's session as its events are committed (contract 04 §5).

use super::owned;
use crate::http::{
    channels::authority::{self, Target},
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
    extract::{Path, Request, State},
    response::Response,
};

/// Follow the session of a thread.
///
/// The same stream as that of the session. It ends at once when the token is revoked or the binding is not served any more.
#[utoipa::path(get, path = "/api/channels/sessions/{sessionBindingId}/events", operation_id = "followChannelSession", tag = "channels",
    params(
        ("sessionBindingId" = String, Path, description = "The thread's id"),
        ("after" = Option<String>, Query,
            description = "Resume after this sequence; 0 replays everything, `latest` nothing: only what comes from now on"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Resumes a stream when `after` does not"),
    ),
    responses(
        (status = 200, description = "The stream; each `data` line is one event", content_type = "text/event-stream", body = SessionEventRecord),
        (status = 403, description = "The token doesn't reach such a thread", body = ErrorBody),
        (status = 429, description = "The organisation has too many streams", body = ErrorBody),
        (status = 503, description = "The server is shutting down", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn events(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Result<Response, ApiError> {
    let by = authority::prove(&state, caller.member(), Target::SessionBinding(&id)).await?;
    let (thread, binding) = authority::session_binding(&state, &by, &caller.principal().org_id, &id).await?;
    owned(&state, &caller, thread.session).await?;
    let start = query::stream_start(request.uri(), request.headers());
    let (after, began) = start.place(state.node.store().session_bounds(thread.session)).await?;
    let permit = streams::admit_through(&state, caller.member(), vec![binding.id], StreamKind::Session, connection.cut())?;
    let subscription = state.node.subscribe_session(caller.principal(), thread.session, after).await?;
    Ok(sse::respond(&state, connection, subscription, permit, began))
}
