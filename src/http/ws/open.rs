//! `GET /api/ws`: opening the socket.

use super::{
    protocol::SUBPROTOCOL,
    socket::{self, Asker},
};
use crate::http::{connection::Connection, cors, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState, streams};
use axum::{
    Extension,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use cowork_actors::CutSwitch;
use cowork_domain::codes::Code;
use http::{StatusCode, header};

/// Clients send commands, not files.
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// What may wait in the socket before its loop waits for the client.
const WRITE_BUFFER: usize = 64 * 1024;
/// A single page of events may be larger than the buffer; beyond this the socket ends.
const LARGEST_WRITE: usize = 16 * 1024 * 1024;

/// Open a WebSocket for events and commands.
///
/// Sub-protocol `cowork.v1`; its messages are described in the WebSocket guide.
#[utoipa::path(get, path = "/api/ws", operation_id = "openSocket", tag = "workspace",
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "Not a WebSocket hand-shake for `cowork.v1`", body = ErrorBody),
        (status = 403, description = "A page of a foreign origin asked", body = ErrorBody),
        (status = 429, description = "The organisation has too many open sockets", body = ErrorBody),
        (status = 503, description = "The server is shutting down", body = ErrorBody),
    ))]
pub(super) async fn open(
    State(state): State<HttpState>,
    caller: Caller,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    streams::refuse_when_closing(&state)?;
    let origin = parts.headers.get(header::ORIGIN).map(http::HeaderValue::as_bytes);
    let is_configured = origin.is_some() && origin == state.options.cors_origin.as_deref().map(str::as_bytes);
    // Browsers open sockets across origins without asking; the server has to look itself.
    if !is_configured && cors::is_foreign_page(&parts.headers, state.options.public_url.as_deref()) {
        return Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, "Pages of this origin may not use this server."));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &state)
        .await
        .map_err(|rejection| ApiError::new(rejection.into_response().status(), "A WebSocket hand-shake is required."))?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "The WebSocket sub-protocol cowork.v1 is required."));
    }
    let cut = CutSwitch::default();
    let permit = streams::register(&state, caller.member(), &cut)?;
    let upgrade = upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(LARGEST_WRITE);
    let sender = state.limits.sender(connection.peer(), &parts.headers);
    Ok(upgrade.on_upgrade(move |socket| async move {
        socket::run(socket, state, Asker { caller, sender }, cut, permit).await;
        // The socket has the connection's place among the open ones for as long as it lives.
        drop(connection);
    }))
}
