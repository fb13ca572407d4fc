//! `GET /api/channels/sessions/{sessionBindingId}/snapshot` (contract 04 §5).

use super::view;
use crate::http::{
    answer::Json,
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    schema::{CloudSessionView, ErrorBody},
    state::HttpState,
};
use axum::extract::{Path, State};

/// Read the session of a thread with its projection.
#[utoipa::path(get, path = "/api/channels/sessions/{sessionBindingId}/snapshot", operation_id = "readChannelSession", tag = "channels",
    params(("sessionBindingId" = String, Path, description = "The thread's id")),
    responses(
        (status = 200, description = "The session", body = CloudSessionView),
        (status = 403, description = "The token doesn't reach such a thread", body = ErrorBody,
            example = json!({"error": "Channel binding scope is required for this action.", "code": "channels.binding_scope_required",
                "verdict": {"allowed": false, "reason": "Channel binding scope is required for this action.",
                    "policyCode": "channels.binding_scope_required"}})),
    ))]
pub(in crate::http::channels) async fn read(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json, ApiError> {
    let by = authority::prove(&state, caller.member(), Target::SessionBinding(&id)).await?;
    let (thread, _) = authority::session_binding(&state, &by, &caller.principal().org_id, &id).await?;
    Ok(Json::text(view(&state, &caller, thread.session).await?))
}
