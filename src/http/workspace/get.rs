//! `GET /api/workspace` (contract 02 §1).

use super::policy::FeatureFlags;
use crate::http::{
    answer::Json,
    gate::Caller,
    schema::{ErrorBody, Workspace as WorkspaceSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    principal::Role,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Workspace<'a> {
    tenant_id: &'a TenantId,
    tenant_name: &'a str,
    org_id: &'a OrgId,
    org_name: &'a str,
    user_id: &'a UserId,
    account_id: &'a UserId,
    email: &'a str,
    role: Role,
    profile_name: &'a str,
    policy: Policy<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy<'a> {
    features: FeatureFlags<'a>,
    allowed_agents: Option<&'a [String]>,
    allowed_tools: Option<&'a [String]>,
    allowed_mcps: Option<&'a [String]>,
    local_files: &'static str,
    local_stdio_mcps: &'static str,
    machine_runtime_config: &'static str,
}

/// Read who the caller is here, and what the workspace allows.
#[utoipa::path(get, path = "/api/workspace", operation_id = "getWorkspace", tag = "workspace",
    responses(
        (status = 200, description = "The workspace, as the stored membership says", body = WorkspaceSchema),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "The membership is not active", body = ErrorBody,
            example = json!({"error": "Cloud membership is not active.", "code": "auth.membership_missing"})),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller) -> Json {
    let (options, principal) = (&state.options, caller.principal());
    Json::of(&Workspace {
        tenant_id: &principal.tenant_id,
        tenant_name: &principal.tenant_name,
        org_id: &principal.org_id,
        org_name: &caller.member().org_name,
        user_id: &principal.user_id,
        account_id: &principal.account_id,
        email: &principal.email,
        role: principal.role,
        profile_name: &options.profile_name,
        policy: Policy {
            features: FeatureFlags(&options.features),
            allowed_agents: options.allowed_agents.as_deref(),
            allowed_tools: options.allowed_tools.as_deref(),
            allowed_mcps: options.allowed_mcps.as_deref(),
            local_files: "disabled",
            local_stdio_mcps: "disabled",
            machine_runtime_config: "disabled",
        },
    })
}
