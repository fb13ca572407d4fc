//! `DELETE /api/admin/roles/{key}` (contract 02 §6).

use crate::http::{answer::Json, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

/// Whether there was one to delete.
#[derive(Serialize, ToSchema)]
struct RoleDeleted {
    deleted: bool,
}

/// Delete a custom role. Its holders fall back to their built-in roles, and lose all API tokens.
#[utoipa::path(delete, path = "/api/admin/roles/{key}", operation_id = "deleteCustomRole", tag = "administration",
    params(("key" = String, Path, description = "The role's key")),
    responses(
        (status = 200, description = "It is gone", body = RoleDeleted, example = json!({"deleted": true})),
        (status = 403, description = "A holder would get permissions that the caller has not", body = ErrorBody),
    ))]
pub(super) async fn delete(State(state): State<HttpState>, caller: Caller, Path(key): Path<String>) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let deleted = state.node.store().delete_custom_role(org, &key, &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&RoleDeleted { deleted }))
}
