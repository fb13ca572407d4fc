//! `POST /api/channels/provider-events/{eventId}/complete` (contract 04 §7).

use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::{
        authority::{self, ChannelCaller, Target},
        input,
    },
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ProviderEventSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::channel::{
    ids::{ChannelBindingId, is_id},
    provider_event::{NotClaimant, ProviderEvent, ProviderEventOutcome},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct CompletedProviderEvent {
    #[schema(value_type = ProviderEventSchema)]
    event: ProviderEvent,
}

/// Say what came of an event that was claimed.
#[utoipa::path(post, path = "/api/channels/provider-events/{eventId}/complete", operation_id = "completeProviderEvent", tag = "channels",
    params(("eventId" = String, Path, description = "The event's id", example = "channel_provider_event_0008ab12cd34ef567890ab12cd34ef56")),
    request_body(content = serde_json::Value, example = json!({"channelBindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56",
        "claimedBy": "gateway:local", "status": "failed", "retryable": false, "lastError": "the chat is gone"})),
    responses(
        (status = 200, description = "It is written", body = CompletedProviderEvent),
        (status = 400, description = "A field is missing", body = ErrorBody,
            example = json!({"error": "Provider event completion needs claimedBy and status (processed or failed).", "code": "request.invalid_field"})),
        (status = 403, description = "The token may not serve this binding", body = ErrorBody),
        (status = 404, description = "It is not there, or somebody else's", body = ErrorBody,
            example = json!({"error": "Provider event claim was not found.", "code": "resource.not_found"})),
    ))]
pub(in crate::http::channels) async fn complete(
    State(state): State<HttpState>,
    caller: Caller,
    Path(event): Path<String>,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let named = fields.text("channelBindingId");
    let gateway = authority::prove(&state, caller.member(), named.map_or(Target::None, Target::Binding)).await?;
    let incomplete = || ApiError::invalid("Provider event completion needs claimedBy and status (processed or failed).");
    let by = input::name(&fields, "claimedBy")?.ok_or_else(incomplete)?;
    let outcome = outcome(&fields)?.ok_or_else(incomplete)?;
    let may_use = |binding: &ChannelBindingId| {
        let is_granted = match &gateway {
            ChannelCaller::Gateway { bindings, .. } => bindings.iter().any(|granted| granted.id == *binding),
            ChannelCaller::Admin | ChannelCaller::Local => true,
        };
        is_granted && named.is_none_or(|named| named == binding.as_str())
    };
    if !is_id(&event) {
        return Err(NotClaimant.into());
    }
    let now = state.node.clock().now();
    let event = state.node.store().complete_provider_event(org, &event, by, may_use, outcome, now).await??;
    Ok(Json::of(&CompletedProviderEvent { event }))
}

fn outcome(fields: &Fields) -> Result<Option<ProviderEventOutcome>, ApiError> {
    fields.refuse_nul(&["lastError"])?;
    Ok(match fields.text("status") {
        Some("processed") => Some(ProviderEventOutcome::Processed),
        Some("failed") => Some(ProviderEventOutcome::Failed {
            retryable: fields.value("retryable").and_then(serde_json::Value::as_bool).unwrap_or(true),
            error: fields.text("lastError").map(str::to_owned),
        }),
        _ => None,
    })
}

impl From<NotClaimant> for ApiError {
    fn from(error: NotClaimant) -> Self {
        Self::new(StatusCode::NOT_FOUND, error.to_string())
    }
}
