//! `POST /api/channels/provider-events/claim` (contract 04 §7).

use crate::http::{
    answer::Json,
    body::JsonBody,
    channels::{
        authority::{self, Target},
        input, origin,
    },
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ProviderEventSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{
    provider::ChannelProvider,
    provider_event::{EventClaim, ProviderEvent, ProviderEventKey, ProviderEventType},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const INCOMPLETE: &str =
    "Provider event claims need provider, providerInstanceId, providerEventId, eventType (message, command or interaction) and claimedBy.";
const SEVERAL: &str = "Provider event claim requires channelBindingId when multiple channel bindings match.";

#[derive(Serialize, ToSchema)]
struct ClaimedProviderEvent {
    #[schema(value_type = ProviderEventSchema)]
    event: ProviderEvent,
    /// It is the claimant's now.
    claimed: bool,
    /// Somebody else has it, or it is over: there is nothing to do.
    duplicate: bool,
}

/// Take an event of a chat system.
///
/// Chat systems tell of the same event more than once; whoever claims it first works on it until the claim runs out.
#[utoipa::path(post, path = "/api/channels/provider-events/claim", operation_id = "claimProviderEvent", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"provider": "telegram", "providerInstanceId": "telegram",
        "channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "providerEventId": "update-1", "eventType": "message",
        "claimedBy": "gateway:local", "ttlMs": 300_000, "metadata": {"targetChatId": "c-1"}})),
    responses(
        (status = 200, description = "Whose it is now", body = ClaimedProviderEvent),
        (status = 400, description = "A field is missing or too long, or more than one binding fits", body = ErrorBody,
            example = json!({"error": SEVERAL, "code": "request.invalid_field"})),
        (status = 403, description = "The token may not serve this binding", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn claim(
    State(state): State<HttpState>,
    caller: Caller,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let gateway = authority::prove(&state, caller.member(), target).await?;
    let incomplete = || ApiError::invalid(INCOMPLETE);
    let provider = fields.text("provider").and_then(ChannelProvider::parse).ok_or_else(incomplete)?;
    let instance = input::name(&fields, "providerInstanceId")?.ok_or_else(incomplete)?;
    let event = input::name(&fields, "providerEventId")?.ok_or_else(incomplete)?;
    let kind = fields.text("eventType").and_then(ProviderEventType::parse).ok_or_else(incomplete)?;
    let by = input::name(&fields, "claimedBy")?.ok_or_else(incomplete)?;
    let metadata = match input::object(&fields, "metadata")? {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    let binding = origin::binding(&state, &gateway, org, &fields, &provider, SEVERAL).await?;

    let key = ProviderEventKey {
        org: org.clone(),
        binding: binding.id,
        provider,
        instance: instance.to_owned(),
        workspace: binding.external_workspace,
        kind,
        event: event.to_owned(),
    };
    let now = state.node.clock().now();
    let claim = EventClaim::new(by, ttl_ms(fields.value("ttlMs")), now);
    let (event, claimed) = state.node.store().claim_provider_event(key, claim, metadata, now).await?;
    Ok(Json::of(&ClaimedProviderEvent { event, claimed, duplicate: !claimed }))
}

/// Milliseconds as a client writes them: a part of one is none, and anything but a number is unsaid.
fn ttl_ms(said: Option<&serde_json::Value>) -> Option<i64> {
    let said = said?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "it saturates, and the longest claim is far below that")]
    Some(said as i64)
}
