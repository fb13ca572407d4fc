//! `POST /api/admin/roles/{key}/update` (contract 02 §6).

use super::{RoleAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{CustomRoleAnswer, ErrorBody, UpdateRoleRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::{custom_role::CustomRoleChange, principal::Role};
use serde_json::Value;

/// Change a custom role, for all who hold it.
///
/// Whoever loses a permission by it loses all API tokens at once, and open streams end.
#[utoipa::path(post, path = "/api/admin/roles/{key}/update", operation_id = "updateCustomRole", tag = "administration",
    params(("key" = String, Path, description = "The role's key")),
    request_body(content = UpdateRoleRequest, example = json!({"permissions": ["audit:read", "org:read"]})),
    responses(
        (status = 200, description = "The role as it is now", body = CustomRoleAnswer, example = json!({"role": {
            "orgId": "acme", "roleKey": "auditor", "name": "Auditor", "description": null, "baseRole": "member",
            "permissions": ["org:read", "audit:read"], "createdAt": "2026-11-21T17:51:29.071Z",
            "updatedAt": "2026-11-21T17:54:29.071Z"}})),
        (status = 400, description = "A permission is unknown", body = ErrorBody,
            example = json!({"error": "Unknown permission: root.", "code": "request.invalid_field"})),
        (status = 403, description = "More permissions than the caller has", body = ErrorBody),
        (status = 404, description = "No such role", body = ErrorBody,
            example = json!({"error": "Custom role was not found.", "code": "custom_role.unknown"})),
    ))]
pub(super) async fn update(
    State(state): State<HttpState>,
    caller: Caller,
    Path(key): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let change = CustomRoleChange {
        name: fields::name(&body.fields)?,
        description: match body.fields.0.get("description") {
            Some(Value::Null) => Some(None),
            _ => fields::description(&body.fields)?.map(Some),
        },
        base_role: body.fields.text("baseRole").and_then(Role::parse),
        permissions: fields::permissions(&body.fields)?,
    };
    let org = &caller.principal().org_id;
    let role = state.node.store().change_custom_role(org, &key, &change, &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&RoleAnswer { role }))
}
