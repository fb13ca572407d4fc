//! `POST /api/channels/bindings` (contract 04 §3).

use super::{credential_ref, settings};
use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    channels::{
        default_source::default_source,
        input,
        management::{agent_not_found, id_of, id_taken, require_admin, too_many_bindings},
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ChannelBindingSchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::billing::{BillingAction, PlanLimit};
use cowork_domain::channel::{
    binding::{BindingStatus, NewBinding},
    ids::ChannelBindingId,
    provider::ChannelProvider,
};
use cowork_store::BindingCreated;
use http::StatusCode;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelBindingMade {
    binding: ChannelBindingSchema,
}

/// Connect a chat system with a headless agent.
///
/// `bindingId` is a name of the caller's own: the same one again is the same binding, unchanged. Read the id from the answer.
/// `credentialRef` says where the gateway finds the chat system's credential; the credential itself is refused.
#[utoipa::path(post, path = "/api/channels/bindings", operation_id = "createChannelBinding", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "bindingId": "tg-1",
        "provider": "telegram", "displayName": "Team chat", "credentialRef": "env:TELEGRAM_TOKEN", "settings": {"botName": "helper"}})),
    responses(
        (status = 201, description = "The binding", body = ChannelBindingMade,
            example = json!({"binding": {"bindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "orgId": "acme",
                "agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "provider": "telegram", "externalWorkspaceId": null,
                "displayName": "Team chat", "status": "active", "credentialRefConfigured": true, "credentialRefKind": "env",
                "settings": {"botName": "helper"}, "createdAt": "2026-11-21T17:52:41.856Z", "updatedAt": "2026-11-21T17:52:41.856Z"}})),
        (status = 400, description = "A field is missing or malformed", body = ErrorBody,
            example = json!({"error": "Channel binding requires agentId, provider, and displayName.", "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover channels", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The organisation has no such agent", body = ErrorBody,
            example = json!({"error": "Headless agent was not found.", "code": "resource.not_found"})),
        (status = 409, description = "Another organisation has a binding with the id", body = ErrorBody,
            example = json!({"error": "Channel resource id is unavailable.", "code": "channels.id_unavailable"})),
        (status = 429, description = "The organisation has as many bindings as it may have", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    billing::require(&state, &caller.principal().org_id, BillingAction::ChannelManage).await?;
    let fields = &body.fields;
    let agent = input::name(fields, "agentId")?.and_then(|agent| agent.parse().ok());
    let provider = fields.text("provider").and_then(ChannelProvider::parse);
    let (Some(agent), Some(provider), Some(display_name)) = (agent, provider, input::name(fields, "displayName")?) else {
        return Err(ApiError::invalid("Channel binding requires agentId, provider, and displayName."));
    };
    let seed = input::name(fields, "bindingId")?;
    let settings = settings(fields)?.unwrap_or_else(|| json!({}));
    default_source(&state, caller.principal(), &settings).await?;
    let binding = NewBinding {
        id: id_of(&caller, seed, ChannelBindingId::of_seed, ChannelBindingId::new, state.node.clock().mint_channel_id()),
        agent,
        provider,
        external_workspace: input::name(fields, "externalWorkspaceId")?.map(str::to_owned),
        display_name: display_name.to_owned(),
        status: fields.text("status").and_then(BindingStatus::parse).unwrap_or(BindingStatus::Active),
        credential_ref: credential_ref(fields)?.flatten(),
        settings,
    };
    let (store, org) = (state.node.store(), &caller.principal().org_id);
    let most = billing::limit(&state, org, PlanLimit::GatewayChannelBindings, state.options.channels.bindings_per_org).await?;
    match store.create_channel_binding(org, &binding, most, &mandate::of(&state, &caller)).await? {
        BindingCreated::There(binding) => Ok(Json::of(&json!({ "binding": binding.public() })).with_status(StatusCode::CREATED)),
        BindingCreated::NoAgent => Err(agent_not_found()),
        BindingCreated::IdTaken => Err(id_taken()),
        BindingCreated::QuotaExceeded => Err(too_many_bindings()),
    }
}
