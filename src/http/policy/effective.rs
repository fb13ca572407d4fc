//! `GET /api/policy/effective` (contract 02 §7).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ManagedPolicyView},
    state::HttpState,
};
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct EffectivePolicy {
    policy: ManagedPolicyView,
}

/// Read what the organisation allows the caller, and which controls are restricted.
#[utoipa::path(get, path = "/api/policy/effective", operation_id = "readEffectivePolicy", tag = "workspace",
    responses(
        (status = 200, description = "The policy; without one, everything is allowed", body = EffectivePolicy),
        (status = 403, description = "The membership is not active", body = ErrorBody),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let row = state.node.store().managed_policy(&caller.principal().org_id).await?;
    Ok(Json::of(&json!({ "policy": row.map(|row| row.policy).unwrap_or_default().view() })))
}
