//! `GET /api/admin` and `GET /api/admin/policy` (contract 02 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, PolicyOverviewAnswer},
    state::HttpState,
    workspace::FeatureFlags,
};
use axum::extract::State;
use cowork_domain::{
    ids::{OrgId, TenantId},
    org::OrgStatus,
    policy::Feature,
    project_source::ProjectSourceRules,
    signup::SignupMode,
};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Answer<'a> {
    policy: PolicyOverview<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyOverview<'a> {
    org: Org<'a>,
    signup: Signup<'a>,
    profile: Profile<'a>,
    features: FeatureFlags<'a>,
    allowed_agents: Option<&'a [String]>,
    allowed_tools: Option<&'a [String]>,
    allowed_mcps: Option<&'a [String]>,
    runtime: Runtime,
    project_sources: Value,
    gateway: Gateway,
    provider_keys: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Org<'a> {
    org_id: &'a OrgId,
    tenant_id: &'a TenantId,
    name: &'a str,
    plan_key: Option<String>,
    status: OrgStatus,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signup<'a> {
    mode: SignupMode,
    allow_self_service_signup: bool,
    allowed_email_domains: &'a [String],
    invites_enabled: bool,
}

#[derive(Serialize)]
struct Profile<'a> {
    name: &'a str,
    label: &'a str,
    description: &'a str,
}

/// Nothing of the server's own machine is within reach of an agent; answers from here are the deployment's choice.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Runtime {
    config_source: &'static str,
    machine_runtime_config: &'static str,
    local_stdio_mcps: &'static str,
    host_project_directories: &'static str,
    remote_approval_responses: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gateway {
    channels_enabled: bool,
    webhooks_enabled: bool,
}

/// Read the policy of the organisation and of the deployment at a glance.
#[utoipa::path(get, path = "/api/admin", operation_id = "getAdminOverview", tag = "administration",
    responses(
        (status = 200, description = "The overview", body = PolicyOverviewAnswer, example = json!({"policy": {
            "org": {"orgId": "acme", "tenantId": "acme", "name": "Acme", "planKey": null, "status": "active"},
            "signup": {"mode": "invite", "allowSelfServiceSignup": false, "allowedEmailDomains": [], "invitesEnabled": true}}})),
        (status = 403, description = "The membership is not active, or the token lacks the scope", body = ErrorBody),
    ))]
pub(super) async fn overview(state: State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    read(&state, &caller).await
}

/// The same under its other name.
#[utoipa::path(get, path = "/api/admin/policy", operation_id = "getAdminPolicy", tag = "administration",
    responses(
        (status = 200, description = "The overview", body = PolicyOverviewAnswer),
        (status = 403, description = "The membership is not active, or the token lacks the scope", body = ErrorBody),
    ))]
pub(super) async fn policy(state: State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    read(&state, &caller).await
}

async fn read(state: &HttpState, caller: &Caller) -> Result<Json, ApiError> {
    let (options, member) = (&state.options, caller.member());
    let stored = state.node.store().org(&member.principal.org_id).await?;
    let policy = PolicyOverview {
        org: Org {
            org_id: &member.principal.org_id,
            tenant_id: &member.principal.tenant_id,
            name: &member.org_name,
            plan_key: stored.and_then(|org| org.plan_key),
            status: member.org_status,
        },
        signup: Signup {
            mode: options.signup.mode,
            allow_self_service_signup: matches!(options.signup.mode, SignupMode::Open | SignupMode::Domain),
            allowed_email_domains: &options.signup.domains,
            invites_enabled: options.signup.mode == SignupMode::Invite,
        },
        profile: Profile { name: &options.profile_name, label: &options.profile_label, description: &options.profile_description },
        features: FeatureFlags(&options.features),
        allowed_agents: options.allowed_agents.as_deref(),
        allowed_tools: options.allowed_tools.as_deref(),
        allowed_mcps: options.allowed_mcps.as_deref(),
        runtime: Runtime {
            config_source: "app",
            machine_runtime_config: "disabled",
            local_stdio_mcps: "disabled",
            host_project_directories: "disabled",
            remote_approval_responses: if options.allow_remote_approvals { "allowlisted" } else { "disabled" },
        },
        project_sources: project_sources(&options.project_sources),
        gateway: Gateway {
            // The contract has it so: agents are what a channel talks to.
            channels_enabled: options.features.has(Feature::Agents),
            webhooks_enabled: options.features.has(Feature::Webhooks),
        },
        provider_keys: provider_keys(),
    };
    Ok(Json::of(&Answer { policy }))
}

/// Which projects sessions may work on.
fn project_sources(rules: &ProjectSourceRules) -> Value {
    let (git, snapshots) = (&rules.git, &rules.snapshots);
    json!({
        "git": {
            "enabled": git.enabled,
            "allowedHosts": git.allowed_hosts,
            "allowedRepositories": git.allowed_repositories,
            "allowFileUrls": git.allow_file_urls,
        },
        "uploadedSnapshots": { "enabled": snapshots.enabled, "maxFiles": snapshots.max_files, "maxBytes": snapshots.max_bytes },
        "managedWorkspaces": { "enabled": false },
    })
}

/// Which keys an organisation may bring.
fn provider_keys() -> Value {
    json!({ "allowedProviderIds": null, "kmsRefsEnabled": false, "kmsRefPrefixesConfigured": false, "envRefsEnabled": false })
}
