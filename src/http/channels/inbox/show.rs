//! `GET /api/channels/inbox/{messageId}` (`docs/channels-inbox.md`).

use crate::http::{
    answer::Json,
    channels::authority::{self, ChannelCaller, Target},
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, InboxMessageSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::channel::{
    ids::{ChannelBindingId, is_id},
    inbox::InboxMessage,
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct ShownInboxMessage {
    #[schema(value_type = InboxMessageSchema)]
    message: InboxMessage,
}

/// What became of a message that was handed over.
#[utoipa::path(get, path = "/api/channels/inbox/{messageId}", operation_id = "getChannelMessage", tag = "channels",
    params(("messageId" = String, Path, description = "The message's id", example = "channel_inbox_message_0009ab12cd34ef567890ab12cd34ef56")),
    responses(
        (status = 200, description = "The message, without its text", body = ShownInboxMessage),
        (status = 403, description = "The token may serve no binding", body = ErrorBody),
        (status = 404, description = "There is no such message of a binding that the token may serve", body = ErrorBody,
            example = json!({"error": "Channel message was not found.", "code": "resource.not_found"})),
    ))]
pub(in crate::http::channels) async fn show(
    State(state): State<HttpState>,
    caller: Caller,
    Path(message): Path<String>,
) -> Result<Json, ApiError> {
    let gateway = authority::prove(&state, caller.member(), Target::None).await?;
    let may_use = |binding: &ChannelBindingId| match &gateway {
        ChannelCaller::Gateway { bindings, .. } => bindings.iter().any(|granted| granted.id == *binding),
        ChannelCaller::Admin | ChannelCaller::Local => true,
    };
    let org = &caller.principal().org_id;
    let found = if is_id(&message) { state.node.store().inbox_message(org, &message).await? } else { None };
    let found = found.filter(|message| may_use(&message.told.binding));
    let message = found.ok_or_else(|| ApiError::not_found("Channel message was not found."))?;
    Ok(Json::of(&ShownInboxMessage { message }))
}
