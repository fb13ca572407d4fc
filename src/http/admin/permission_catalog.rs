//! `GET /api/admin/permission-catalog` (contract 02 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Credential,
    schema::{ErrorBody, PermissionCatalog as PermissionCatalogSchema},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::policy::Permission;
use serde::Serialize;

#[derive(Serialize)]
struct PermissionCatalog {
    permissions: Vec<&'static str>,
}

/// List all permissions that a role can have.
#[utoipa::path(get, path = "/api/admin/permission-catalog", operation_id = "listPermissions", tag = "administration",
    responses(
        (status = 200, description = "In the order in which every list of permissions is", body = PermissionCatalogSchema,
            example = json!({"permissions": ["org:read", "org:manage", "members:read"]})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "The token lacks the scope", body = ErrorBody),
    ))]
pub(super) async fn permission_catalog(State(state): State<HttpState>, Credential(caller): Credential) -> Result<Json, ApiError> {
    super::may_read(&state, &caller)?;
    Ok(Json::of(&PermissionCatalog { permissions: Permission::ALL.iter().map(|permission| permission.as_str()).collect() }))
}
