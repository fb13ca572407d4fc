//! `POST /api/admin/roles` (contract 02 §6).

use super::{RoleAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{CreateRoleRequest, CustomRoleAnswer, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    custom_role::{NewCustomRole, RoleKey},
    principal::Role,
};
use http::StatusCode;

/// Make a custom role.
#[utoipa::path(post, path = "/api/admin/roles", operation_id = "createCustomRole", tag = "administration",
    request_body(content = CreateRoleRequest, example = json!({"roleKey": "auditor", "name": "Auditor", "permissions": ["audit:read"]})),
    responses(
        (status = 201, description = "The role", body = CustomRoleAnswer, example = json!({"role": {
            "orgId": "acme", "roleKey": "auditor", "name": "Auditor", "description": null, "baseRole": "member",
            "permissions": ["audit:read"], "createdAt": "2026-11-21T17:51:29.071Z", "updatedAt": "2026-11-21T17:51:29.071Z"}})),
        (status = 400, description = "The key or the name is missing or malformed, or a permission is unknown", body = ErrorBody,
            example = json!({"error": "owner, admin and member are built-in roles.", "code": "request.invalid_field"})),
        (status = 403, description = "More permissions than the caller has", body = ErrorBody),
        (status = 409, description = "The key is in use", body = ErrorBody,
            example = json!({"error": "A custom role with this key exists already.", "code": "custom_role.exists"})),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let key = body.fields.text("roleKey").ok_or_else(|| ApiError::invalid("Custom role key is required."))?;
    let name = fields::name(&body.fields)?.ok_or_else(|| ApiError::invalid("Custom role name is required."))?;
    let role = NewCustomRole {
        key: RoleKey::parse(key).map_err(|error| ApiError::invalid(error.to_string()))?,
        name,
        description: fields::description(&body.fields)?,
        base_role: body.fields.text("baseRole").and_then(Role::parse).unwrap_or(Role::Member),
        permissions: fields::permissions(&body.fields)?.unwrap_or_default(),
    };
    let role = state.node.store().create_custom_role(&caller.principal().org_id, &role, &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&RoleAnswer { role }).with_status(StatusCode::CREATED))
}
