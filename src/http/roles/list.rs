//! `GET /api/admin/roles` (contract 02 §6).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{CustomRoleList, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::custom_role::CustomRole;
use serde::Serialize;

#[derive(Serialize)]
struct Roles {
    roles: Vec<CustomRole>,
}

/// List the custom roles of the organisation, by key.
#[utoipa::path(get, path = "/api/admin/roles", operation_id = "listCustomRoles", tag = "administration",
    responses(
        (status = 200, description = "The roles", body = CustomRoleList, example = json!({"roles": [{
            "orgId": "acme", "roleKey": "auditor", "name": "Auditor", "description": null, "baseRole": "member",
            "permissions": ["org:read", "audit:read"], "createdAt": "2026-11-21T17:51:29.071Z",
            "updatedAt": "2026-11-21T17:51:29.071Z"}]})),
        (status = 403, description = "The caller may not manage roles", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let roles = state.node.store().custom_roles(&caller.principal().org_id).await?;
    Ok(Json::of(&Roles { roles }))
}
