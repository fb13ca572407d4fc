//! `PUT` and `POST /api/policy` (contract 02 §7).

use super::record;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ManagedPolicyRecord, ManagedPolicyRequest, ManagedPolicyView},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::policy::{ManagedPolicyEdit, ManagedPolicyInvalid};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChangedPolicy {
    policy: ManagedPolicyRecord,
    view: ManagedPolicyView,
}

/// Change what the organisation allows.
///
/// What the request doesn't name stays as it is; null lifts an allow-list or the update channel, and `features` replaces the
/// whole map.
#[utoipa::path(put, path = "/api/policy", operation_id = "changePolicy", tag = "administration",
    request_body(content = ManagedPolicyRequest, example = json!({
        "allowedProviders": ["anthropic", "openrouter"], "keyManagement": "byok_required", "permissionCeilings": {"bash": "deny"}})),
    responses(
        (status = 200, description = "The policy as it is now", body = ChangedPolicy),
        (status = 400, description = "A field has a wrong type or value", body = ErrorBody,
            example = json!({"error": "\"allowedProviders\" must be an array of strings or null.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller lacks `policy:manage`", body = ErrorBody),
    ))]
pub(super) async fn put(state: State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    change(&state, &caller, &body).await
}

/// Change what the organisation allows, as `PUT` does.
#[utoipa::path(post, path = "/api/policy", operation_id = "postPolicy", tag = "administration",
    request_body(content = ManagedPolicyRequest, example = json!({"updateChannel": "beta"})),
    responses(
        (status = 200, description = "The policy as it is now", body = ChangedPolicy),
        (status = 400, description = "A field has a wrong type or value", body = ErrorBody,
            example = json!({"error": "\"updateChannel\" must be a string or null.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller lacks `policy:manage`", body = ErrorBody),
    ))]
pub(super) async fn post(state: State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    change(&state, &caller, &body).await
}

async fn change(state: &HttpState, caller: &Caller, body: &JsonBody) -> Result<Json, ApiError> {
    let edit = ManagedPolicyEdit::read(&body.fields.0)?;
    let (clock, principal) = (state.node.clock(), caller.principal());
    let row = state.node.store().change_managed_policy(principal, &edit, &clock.nonce(), clock.now()).await?;
    Ok(Json::of(&json!({ "policy": record::of(&principal.org_id, &row), "view": row.policy.view() })))
}

impl From<ManagedPolicyInvalid> for ApiError {
    fn from(invalid: ManagedPolicyInvalid) -> Self {
        Self::invalid(invalid.to_string())
    }
}
