//! `POST /api/channels/cursor` (contract 04 §5): once for each event that a gateway shows, so it costs one statement.

use super::{
    authority::{self, Target, not_authorized},
    leases::lease_lost,
    sessions::cursor,
};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ChannelSessionSchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    channel::{
        ids::ChannelSessionId,
        session::{ChannelCursor, ChannelSession},
    },
    codes::Code,
    ids::TokenId,
    policy::Denial,
};
use cowork_store::CursorMove;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct CursorAnswer {
    binding: ChannelSessionSchema,
    result: CursorResult,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct CursorResult {
    ok: bool,
    /// `stale`: what is stored is further.
    #[schema(required = false)]
    reason: Option<String>,
    binding: ChannelSessionSchema,
}

#[derive(Serialize)]
struct Answer<'a> {
    binding: &'a ChannelSession,
    result: Outcome<'a>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    binding: &'a ChannelSession,
}

/// Say how far a thread was shown. It never goes back: what is behind the stored place is answered with that one.
///
/// With `leaseEpoch` it moves only while that lease of the binding is current.
#[utoipa::path(post, path = "/api/channels/cursor", operation_id = "moveChannelCursor", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"bindingId": "00000000-0000-4000-8000-000000000009",
        "lastEventSequence": 7, "lastWorkspaceSequence": 0, "lastChatMessageId": "m1"})),
    responses(
        (status = 200, description = "Where the thread is now", body = CursorAnswer),
        (status = 400, description = "The thread is missing", body = ErrorBody),
        (status = 403, description = "The token doesn't reach the thread", body = ErrorBody),
        (status = 409, description = "`leaseEpoch` is of a lease that is over", body = ErrorBody,
            example = json!({"error": "The lease of this channel binding is lost.", "code": "channels.lease_lost"})),
    ))]
pub(super) async fn save(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let token = authority::token(caller.member())?;
    let (channel_binding, thread) = (fields.text("channelBindingId"), fields.text("bindingId"));
    let refused = match (channel_binding, thread) {
        // The statement that moves the cursor is the proof as well.
        (None, Some(_)) if token.is_some() => || ApiError::from(Denial::unbound()),
        (None, Some(_)) => || ApiError::not_found("Channel session binding was not found.").code(Code::GatewayChannelNotBound),
        (named, _) => {
            authority::prove(&state, caller.member(), named.map_or(Target::None, Target::Binding)).await?;
            not_authorized
        }
    };
    let thread = thread.ok_or_else(|| ApiError::invalid("Channel cursor requires bindingId."))?;
    let moved = move_to(&state, &caller, token, thread, cursor(fields)).await?.ok_or_else(refused)?;
    answer(&moved)
}

async fn move_to(
    state: &HttpState,
    caller: &Caller,
    token: Option<&TokenId>,
    thread: &str,
    cursor: Result<ChannelCursor, ApiError>,
) -> Result<Option<CursorMove>, ApiError> {
    let Ok(thread) = thread.parse::<ChannelSessionId>() else { return Ok(None) };
    Ok(state.node.store().move_channel_cursor(&caller.principal().org_id, token, &thread, &cursor?).await?)
}

fn answer(moved: &CursorMove) -> Result<Json, ApiError> {
    let (binding, reason) = match moved {
        CursorMove::Moved(binding) => (binding, None),
        CursorMove::Stale(binding) => (binding, Some("stale")),
        CursorMove::LeaseLost => return Err(lease_lost()),
    };
    Ok(Json::of(&Answer { binding, result: Outcome { ok: reason.is_none(), reason, binding } }))
}
