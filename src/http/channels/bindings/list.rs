//! `GET /api/channels/bindings` (contract 04 §3).

use crate::http::{
    answer::Json,
    channels::management::require_admin,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelBindingSchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{binding::ChannelBinding, ids::AgentId};
use http::Uri;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelBindingList {
    bindings: Vec<ChannelBindingSchema>,
}

/// List the organisation's channel bindings, those that were changed last first.
#[utoipa::path(get, path = "/api/channels/bindings", operation_id = "listChannelBindings", tag = "channels",
    params(
        ("agentId" = Option<String>, Query, description = "Of this agent only"),
        ("limit" = Option<u32>, Query, description = "100 by default and 500 at most"),
    ),
    responses(
        (status = 200, description = "The bindings; secrets in their settings are replaced", body = ChannelBindingList,
            example = json!({"bindings": [{"bindingId": "channel_binding_0002ab12cd34ef567890ab12cd34ef56", "orgId": "acme",
                "agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "provider": "telegram", "externalWorkspaceId": null,
                "displayName": "Team chat", "status": "active", "credentialRefConfigured": true, "credentialRefKind": "env",
                "settings": {"botName": "helper"}, "createdAt": "2026-11-21T17:52:41.856Z", "updatedAt": "2026-11-21T17:52:41.856Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let query = Query::of(&uri);
    // What can be no id names nobody.
    let Ok(agent) = query.get("agentId").map(str::parse::<AgentId>).transpose() else {
        return Ok(Json::of(&json!({ "bindings": [] })));
    };
    let org = &caller.principal().org_id;
    let bindings = state.node.store().channel_bindings(org, agent.as_ref(), query.limit(100, 500)).await?;
    Ok(Json::of(&json!({ "bindings": bindings.iter().map(ChannelBinding::public).collect::<Vec<_>>() })))
}
