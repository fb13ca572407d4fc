//! `POST /api/channels/deliveries` (contract 04 §8).

use super::named::shown;
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::{
        authority::{self, ChannelCaller, Target},
        input,
    },
    error::ApiError,
    gate::Caller,
    schema::{ChannelDeliveryEnvelope, CreateDeliveryRequest, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{
    agent::AgentStatus,
    delivery::{DeliveryStatus, NewDelivery},
    ids::ChannelSessionId,
    provider::ChannelProvider,
};
use http::StatusCode;

/// Make a delivery for a chat.
///
/// A gateway that serves the binding gets it at once. With a `deliveryId` the call may be repeated: the same id on the same
/// binding is the same delivery, and the answer is the delivery as it is now.
#[utoipa::path(post, path = "/api/channels/deliveries", operation_id = "createChannelDelivery", tag = "channels",
    request_body(content = CreateDeliveryRequest, example = json!({
        "agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56",
        "provider": "telegram", "eventType": "assistant.message", "target": {"externalChatId": "chat-1", "externalThreadId": "thr-1"},
        "payload": {"text": "Hi there"}, "deliveryId": "dl-1"})),
    responses(
        (status = 201, description = "It is kept, and is sent when it is due", body = ChannelDeliveryEnvelope),
        (status = 400, description = "A field is missing or malformed, or the provider isn't the binding's", body = ErrorBody),
        (status = 403, description = "The binding, agent or thread may not be used", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let proven = authority::prove(&state, caller.member(), target).await?;
    let new = read(&state, &caller, &proven, fields).await?;
    let made = state.node.create_delivery(&caller.principal().org_id, &new, state.options.deliveries.attempt_limit).await?;
    Ok(Json::of(&shown(&made)).with_status(StatusCode::CREATED))
}

async fn read(state: &HttpState, caller: &Caller, proven: &ChannelCaller, fields: &Fields) -> Result<NewDelivery, ApiError> {
    let org = &caller.principal().org_id;
    let incomplete = || ApiError::invalid("agentId, channelBindingId, provider, eventType, target and payload are required.");
    let agent = input::name(fields, "agentId")?.ok_or_else(incomplete)?;
    let binding = input::name(fields, "channelBindingId")?.ok_or_else(incomplete)?;
    let provider = fields.text("provider").and_then(ChannelProvider::parse).ok_or_else(incomplete)?;
    let event_type = input::name(fields, "eventType")?.ok_or_else(incomplete)?.to_owned();
    let target = input::object(fields, "target")?.ok_or_else(incomplete)?;
    let payload = input::object(fields, "payload")?.ok_or_else(incomplete)?;
    let id = input::name(fields, "deliveryId")?.map_or_else(|| state.node.clock().mint_channel_id(), str::to_owned);
    if id.contains('/') {
        return Err(ApiError::invalid("A deliveryId is named in paths, so it has no slash."));
    }
    let next_attempt_at = fields.date("nextAttemptAt")?;

    let binding = authority::binding(state, proven, org, binding).await?;
    if binding.provider != provider {
        return Err(ApiError::invalid("Channel delivery provider does not match the channel binding."));
    }
    if binding.agent.as_str() != agent {
        return Err(authority::not_authorized());
    }
    let agent = state.node.store().headless_agent(org, &binding.agent).await?;
    let agent = agent.filter(|agent| agent.status == AgentStatus::Active);
    let agent = agent.ok_or_else(|| ApiError::new(StatusCode::FORBIDDEN, "Headless agent is not active."))?;
    let session_binding = match fields.text("sessionBindingId") {
        Some(thread) => Some(thread_of(state, proven, caller, thread, &binding).await?),
        None => None,
    };
    let status = fields.text("status").and_then(DeliveryStatus::parse).unwrap_or(DeliveryStatus::Pending);
    Ok(NewDelivery {
        id,
        agent: agent.agent_id,
        binding: binding.id,
        session_binding,
        provider,
        target,
        event_type,
        payload,
        status,
        next_attempt_at,
    })
}

/// A thread of the very binding.
async fn thread_of(
    state: &HttpState,
    proven: &ChannelCaller,
    caller: &Caller,
    thread: &str,
    binding: &cowork_domain::channel::binding::ChannelBinding,
) -> Result<ChannelSessionId, ApiError> {
    let (session, through) = authority::session_binding(state, proven, &caller.principal().org_id, thread).await?;
    if through.id == binding.id { Ok(session.id) } else { Err(authority::not_authorized()) }
}
