//! `POST /api/channels/agents` (contract 04 §3).

use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    channels::{
        input,
        management::{id_of, id_taken, require_admin},
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ErrorBody, HeadlessAgentSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::billing::BillingAction;
use cowork_domain::channel::{
    agent::{AgentStatus, NewAgent},
    ids::AgentId,
};
use cowork_store::AgentCreated;
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct HeadlessAgentMade {
    agent: HeadlessAgentSchema,
}

/// Make a headless agent: who answers in the channels that are bound to it.
///
/// `agentId` is a name of the caller's own: the same one again is the same agent, unchanged. Read the id from the answer.
#[utoipa::path(post, path = "/api/channels/agents", operation_id = "createHeadlessAgent", tag = "channels",
    request_body(content = Value, example = json!({"agentId": "support-1", "name": "Support bot", "profileName": "full"})),
    responses(
        (status = 201, description = "The agent", body = HeadlessAgentMade, example = json!({"agent": {
            "agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "orgId": "acme", "tenantId": "acme", "profileName": "full",
            "name": "Support bot", "status": "active", "managed": false, "createdByAccountId": "kim",
            "createdAt": "2026-11-21T17:52:41.475Z", "updatedAt": "2026-11-21T17:52:41.475Z"}})),
        (status = 400, description = "No name, or a field that is too long", body = ErrorBody),
        (status = 402, description = "The organisation's subscription doesn't cover channels", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 409, description = "Another organisation has an agent with the id", body = ErrorBody,
            example = json!({"error": "Channel resource id is unavailable.", "code": "channels.id_unavailable"})),
    ))]
pub(in crate::http::channels) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    billing::require(&state, &caller.principal().org_id, BillingAction::ChannelManage).await?;
    let fields = &body.fields;
    let name = input::name(fields, "name")?.ok_or_else(|| ApiError::invalid("Headless agent requires a name."))?;
    let seed = input::name(fields, "agentId")?;
    let principal = caller.principal();
    let agent = NewAgent {
        id: id_of(&caller, seed, AgentId::of_seed, AgentId::new, state.node.clock().mint_channel_id()),
        tenant: principal.tenant_id.clone(),
        profile_name: input::name(fields, "profileName")?.unwrap_or(&state.options.profile_name).to_owned(),
        name: name.to_owned(),
        status: fields.text("status").and_then(AgentStatus::parse).unwrap_or(AgentStatus::Active),
        managed: fields.value("managed") == Some(&Value::Bool(true)),
        created_by: principal.account_id.clone(),
    };
    match state.node.store().create_headless_agent(&principal.org_id, &agent, &mandate::of(&state, &caller)).await? {
        AgentCreated::There(agent) => Ok(Json::of(&json!({ "agent": agent })).with_status(StatusCode::CREATED)),
        AgentCreated::IdTaken => Err(id_taken()),
    }
}
