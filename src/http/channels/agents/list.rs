//! `GET /api/channels/agents` (contract 04 §3).

use crate::http::{
    answer::Json,
    channels::management::require_admin,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, HeadlessAgentSchema},
    state::HttpState,
};
use axum::extract::State;
use http::Uri;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct HeadlessAgentList {
    agents: Vec<HeadlessAgentSchema>,
}

/// List the organisation's headless agents, those that were changed last first.
#[utoipa::path(get, path = "/api/channels/agents", operation_id = "listHeadlessAgents", tag = "channels",
    params(("limit" = Option<u32>, Query, description = "100 by default and 500 at most")),
    responses(
        (status = 200, description = "The agents", body = HeadlessAgentList, example = json!({"agents": [{
            "agentId": "channel_agent_0001ab12cd34ef567890ab12cd34ef56", "orgId": "acme", "tenantId": "acme", "profileName": "full",
            "name": "Support bot", "status": "active", "managed": false, "createdByAccountId": "kim",
            "createdAt": "2026-11-21T17:52:41.475Z", "updatedAt": "2026-11-21T17:52:41.475Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let agents = state.node.store().headless_agents(&caller.principal().org_id, Query::of(&uri).limit(100, 500)).await?;
    Ok(Json::of(&json!({ "agents": agents })))
}
