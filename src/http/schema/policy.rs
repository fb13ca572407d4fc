//! Managed policies (contract 02 §7).

use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What an organisation allows, as its administrators read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ManagedPolicyRecord {
    org_id: String,
    #[schema(inline)]
    #[serde(flatten)]
    fields: ManagedPolicyFields,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What an organisation allows, as its members read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ManagedPolicyView {
    #[schema(inline)]
    #[serde(flatten)]
    fields: ManagedPolicyFields,
    /// A key for each control that is restricted.
    disabled_by_policy: BTreeMap<String, DisabledByPolicy>,
}

/// Why a control is restricted.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DisabledByPolicy {
    disabled_by_policy: bool,
    reason: String,
}

/// A change of a policy; everything may be left out.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ManagedPolicyRequest {
    #[schema(inline)]
    #[serde(flatten)]
    fields: ManagedPolicyFields,
}

/// The parts of a policy.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ManagedPolicyFields {
    /// Null allows any.
    #[schema(required = false)]
    allowed_providers: Option<Vec<String>>,
    #[schema(required = false)]
    denied_providers: Vec<String>,
    /// Null allows any.
    #[schema(required = false)]
    allowed_models: Option<Vec<String>>,
    #[schema(required = false)]
    denied_models: Vec<String>,
    /// any, byok_required or org_managed_required.
    #[schema(required = false)]
    key_management: String,
    /// customProviders, customMcps and customSkills.
    #[schema(required = false)]
    extensions: BTreeMap<String, bool>,
    #[schema(required = false)]
    features: BTreeMap<String, bool>,
    /// allow, ask or deny for bash, fileWrite, web, webSearch, task, mcp and externalDirectory.
    #[schema(required = false)]
    permission_ceilings: BTreeMap<String, String>,
    #[schema(required = false)]
    update_channel: Option<String>,
    /// The most that may be spent at model providers in a day of UTC: tokensPerDay, and costPerDay in US dollars. Absent or null
    /// is no limit beyond the operator's.
    #[schema(required = false)]
    provider_budget: Option<BTreeMap<String, f64>>,
}
