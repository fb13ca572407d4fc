//! `PATCH /api/channels/agents/{agentId}` (contract 04 §3).

use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    channels::{
        input,
        management::{agent_not_found, require_admin},
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ErrorBody, HeadlessAgentSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::billing::BillingAction;
use cowork_domain::channel::{
    agent::{AgentChange, AgentStatus},
    ids::AgentId,
};
use serde_json::{Value, json};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct HeadlessAgentUpdated {
    agent: HeadlessAgentSchema,
}

/// Change a headless agent. What the request doesn't name stays as it is.
///
/// To a disabled agent no thread is bound, and nothing is delivered for it; threads that are bound go on.
#[utoipa::path(patch, path = "/api/channels/agents/{agentId}", operation_id = "updateHeadlessAgent", tag = "channels",
    params(("agentId" = String, Path, description = "The agent's id")),
    request_body(content = Value, example = json!({"name": "Renamed", "status": "disabled"})),
    responses(
        (status = 200, description = "The agent as it is now", body = HeadlessAgentUpdated),
        (status = 400, description = "A blank name, or a field that is too long", body = ErrorBody),
        (status = 402, description = "The organisation's subscription doesn't cover channels", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The organisation has no such agent", body = ErrorBody,
            example = json!({"error": "Headless agent was not found.", "code": "resource.not_found"})),
    ))]
pub(in crate::http::channels) async fn update(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let fields = &body.fields;
    // What is turned off is nothing to pay for.
    if fields.text("status") != Some("disabled") {
        billing::require(&state, &caller.principal().org_id, BillingAction::ChannelManage).await?;
    }
    let change = AgentChange {
        profile_name: input::new_name(fields, "profileName")?.map(str::to_owned),
        name: input::new_name(fields, "name")?.map(str::to_owned),
        status: fields.text("status").and_then(AgentStatus::parse),
        managed: fields.value("managed").and_then(Value::as_bool),
    };
    let id: AgentId = id.parse().map_err(|_| agent_not_found())?;
    let org = &caller.principal().org_id;
    let agent = state.node.store().change_headless_agent(org, &id, &change, &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&json!({ "agent": agent.ok_or_else(agent_not_found)? })))
}
