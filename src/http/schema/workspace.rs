//! The workspace, the configuration, and the probes (contract 02 §1, 00 §8).

use super::identity::Role;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who the caller is here.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Workspace {
    tenant_id: String,
    tenant_name: Option<String>,
    org_id: String,
    org_name: String,
    user_id: String,
    account_id: String,
    email: String,
    role: Role,
    profile_name: String,
    policy: WorkspacePolicy,
}

/// What the workspace allows.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct WorkspacePolicy {
    features: BTreeMap<String, bool>,
    allowed_agents: Option<Vec<String>>,
    allowed_tools: Option<Vec<String>>,
    allowed_mcps: Option<Vec<String>>,
    local_files: String,
    local_stdio_mcps: String,
    machine_runtime_config: String,
}

/// What the deployment offers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CloudConfig {
    role: String,
    profile_name: String,
    features: BTreeMap<String, bool>,
    /// Null allows every agent.
    allowed_agents: Option<Vec<String>>,
    /// Null allows every tool.
    allowed_tools: Option<Vec<String>>,
    /// Null allows every MCP server.
    allowed_mcps: Option<Vec<String>>,
    managed_policy: Value,
    public_branding: Value,
}

/// The process answers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Livez {
    ok: bool,
    role: String,
    profile_name: String,
}

/// How running work progresses.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct Progress {
    mode: String,
    requested_mode: String,
    config_status: String,
    config_reason: String,
    counts: BTreeMap<String, u64>,
    samples: Vec<Value>,
    truncated: bool,
}
