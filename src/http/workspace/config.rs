//! `GET /api/config` (contract 02 §1).

use super::policy::FeatureFlags;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{CloudConfig, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    role: &'a str,
    profile_name: &'a str,
    features: FeatureFlags<'a>,
    allowed_agents: Option<&'a [String]>,
    allowed_tools: Option<&'a [String]>,
    allowed_mcps: Option<&'a [String]>,
    managed_policy: Value,
    public_branding: &'a Value,
}

/// Read what this deployment offers.
#[utoipa::path(get, path = "/api/config", operation_id = "getConfig", tag = "workspace",
    responses(
        (status = 200, description = "The profile; a list that is null allows everything", body = CloudConfig),
        (status = 401, description = "No or bad credentials", body = ErrorBody,
            example = json!({"error": "Trusted header authentication secret is invalid.", "code": "auth.required"})),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let options = &state.options;
    let policy = state.node.store().managed_policy(&caller.principal().org_id).await?.map(|row| row.policy).unwrap_or_default();
    Ok(Json::of(&Config {
        role: options.role.as_str(),
        profile_name: &options.profile_name,
        features: FeatureFlags(&options.features),
        allowed_agents: options.allowed_agents.as_deref(),
        allowed_tools: options.allowed_tools.as_deref(),
        allowed_mcps: options.allowed_mcps.as_deref(),
        managed_policy: policy.view(),
        public_branding: &options.branding,
    }))
}
