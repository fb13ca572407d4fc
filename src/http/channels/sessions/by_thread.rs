//! `GET /api/channels/sessions/by-thread` (contract 04 §5).

use super::{view, with_view};
use crate::http::{
    answer::Json,
    channels::authority::{self, Target},
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelSessionSchema, CloudSessionView, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    channel::{ids::is_id, provider::ChannelProvider, session::ChannelThread},
    codes::Code,
};
use http::{StatusCode, Uri};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct SessionOfThread {
    binding: ChannelSessionSchema,
    session: CloudSessionView,
}

/// Find the session of a thread.
#[utoipa::path(get, path = "/api/channels/sessions/by-thread", operation_id = "findChannelSession", tag = "channels",
    params(
        ("provider" = String, Query, description = "The chat system"),
        ("externalWorkspaceId" = Option<String>, Query, description = "The workspace of it; none if absent"),
        ("externalChatId" = String, Query, description = "The chat"),
        ("externalThreadId" = String, Query, description = "The thread"),
    ),
    responses(
        (status = 200, description = "The thread and its session", body = SessionOfThread),
        (status = 400, description = "A parameter is missing", body = ErrorBody),
        (status = 403, description = "The token was granted no binding that is served", body = ErrorBody),
        (status = 404, description = "The thread is no session that the token reaches", body = ErrorBody,
            example = json!({"error": "Channel session binding was not found.", "code": "gateway.channel_not_bound"})),
    ))]
pub(in crate::http::channels) async fn find(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let by = authority::prove(&state, caller.member(), Target::None).await?;
    let query = Query::of(&uri);
    let text = |name| query.get(name).filter(|text| !text.trim().is_empty());
    let provider = text("provider").and_then(ChannelProvider::parse);
    let (Some(provider), Some(chat), Some(thread)) = (provider, text("externalChatId"), text("externalThreadId")) else {
        return Err(ApiError::invalid("Channel thread lookup requires provider, externalChatId, and externalThreadId."));
    };
    let workspace = text("externalWorkspaceId");
    if ![Some(chat), Some(thread), workspace].into_iter().flatten().all(is_id) {
        return Err(not_bound());
    }
    let thread = ChannelThread { provider, workspace: workspace.map(str::to_owned), chat: chat.to_owned(), thread: thread.to_owned() };
    let org = &caller.principal().org_id;
    let bound = state.node.store().channel_session_of_thread(org, &thread).await?.ok_or_else(not_bound)?;
    let (bound, _) = authority::session_binding(&state, &by, org, bound.id.as_str()).await.map_err(unless_transient)?;
    let view = view(&state, &caller, bound.session).await.map_err(unless_transient)?;
    Ok(Json::text(with_view(&bound, &view)))
}

/// Whatever the reason is: not for this token, or not there.
fn unless_transient(error: ApiError) -> ApiError {
    if error.status() == StatusCode::FORBIDDEN { not_bound() } else { error }
}

fn not_bound() -> ApiError {
    ApiError::not_found("Channel session binding was not found.").code(Code::GatewayChannelNotBound)
}
