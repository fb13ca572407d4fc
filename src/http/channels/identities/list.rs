//! `GET /api/channels/identities` (contract 04 §3).

use crate::http::{
    answer::Json,
    channels::management::require_admin,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelIdentitySchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{
    identity::{ChannelIdentity, ChannelRole, IdentityStatus},
    ids::is_id,
    provider::ChannelProvider,
};
use cowork_store::IdentityFilter;
use http::Uri;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelIdentityList {
    identities: Vec<ChannelIdentitySchema>,
}

/// List the people that the organisation's channels know, those that were changed last first.
///
/// A filter that isn't a provider, role or status is ignored.
#[utoipa::path(get, path = "/api/channels/identities", operation_id = "listChannelIdentities", tag = "channels",
    params(
        ("provider" = Option<String>, Query, description = "Of this chat system"),
        ("externalWorkspaceId" = Option<String>, Query, description = "Of this workspace; blank: of none"),
        ("role" = Option<String>, Query, description = "owner, admin, member, approver or viewer"),
        ("status" = Option<String>, Query, description = "active, disabled or pending"),
        ("limit" = Option<u32>, Query, description = "100 by default and 500 at most"),
    ),
    responses(
        (status = 200, description = "The people", body = ChannelIdentityList,
            example = json!({"identities": [{"identityId": "00000000-0000-4000-8000-000000000007", "orgId": "acme",
                "provider": "telegram", "externalWorkspaceId": null, "externalUserId": "u-1", "accountId": null, "role": "viewer",
                "status": "pending", "metadata": {"displayName": "Kim"}, "createdAt": "2026-11-21T17:52:42.629Z",
                "updatedAt": "2026-11-21T17:52:42.629Z"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let query = Query::of(&uri);
    let workspace = query.first("externalWorkspaceId").map(|text| (!text.trim().is_empty()).then(|| text.to_owned()));
    if workspace.iter().flatten().any(|workspace| !is_id(workspace)) {
        return Ok(Json::of(&json!({ "identities": [] })));
    }
    let filter = IdentityFilter {
        provider: query.get("provider").and_then(ChannelProvider::parse),
        external_workspace: workspace,
        role: query.get("role").and_then(ChannelRole::parse),
        status: query.get("status").and_then(IdentityStatus::parse),
    };
    let identities = state.node.store().channel_identities(&caller.principal().org_id, &filter, query.limit(100, 500)).await?;
    Ok(Json::of(&json!({ "identities": identities.iter().map(ChannelIdentity::public).collect::<Vec<_>>() })))
}
