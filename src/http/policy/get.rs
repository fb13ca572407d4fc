//! `GET /api/policy` (contract 02 §7).

use super::record;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ManagedPolicyRecord, ManagedPolicyView},
    state::HttpState,
};
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct StoredPolicy {
    policy: Option<ManagedPolicyRecord>,
    view: ManagedPolicyView,
}

/// Read what the organisation's policy says, and what its members see of it.
#[utoipa::path(get, path = "/api/policy", operation_id = "readPolicy", tag = "administration",
    responses(
        (status = 200, description = "The policy, or null where none was ever made", body = StoredPolicy),
        (status = 403, description = "The caller lacks `policy:manage`", body = ErrorBody),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let row = state.node.store().managed_policy(org).await?;
    let policy = row.as_ref().map(|row| record::of(org, row));
    let view = row.map(|row| row.policy).unwrap_or_default().view();
    Ok(Json::of(&json!({ "policy": policy, "view": view })))
}
