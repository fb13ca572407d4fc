//! `POST /api/admin/members/{accountId}/role` (contract 02 §5).

use super::MemberAnswer;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{AssignRoleRequest, ErrorBody, MemberAnswer as MemberAnswerSchema},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::ids::UserId;

/// Give a member a custom role, or take it away.
///
/// A custom role replaces the permissions of the built-in one. Nobody assigns one to themselves: they might not be able to take
/// it back.
#[utoipa::path(post, path = "/api/admin/members/{accountId}/role", operation_id = "assignMemberRole", tag = "administration",
    params(("accountId" = String, Path, description = "The member's account")),
    request_body(content = AssignRoleRequest, example = json!({"roleKey": "auditor"})),
    responses(
        (status = 200, description = "The member as it is now", body = MemberAnswerSchema, example = json!({"member": {
            "orgId": "acme", "accountId": "kim", "email": "kim@acme.test", "displayName": null, "role": "member",
            "customRoleKey": "auditor", "status": "active", "createdAt": "2026-11-21T17:51:29.071Z",
            "updatedAt": "2026-11-21T17:54:54.486Z"}})),
        (status = 400, description = "The caller's own membership, or the last owner", body = ErrorBody),
        (status = 403, description = "A role with more permissions than the caller has", body = ErrorBody),
        (status = 404, description = "No such member, or no such role", body = ErrorBody,
            example = json!({"error": "Custom role was not found.", "code": "custom_role.unknown"})),
    ))]
pub(super) async fn assign_role(
    State(state): State<HttpState>,
    caller: Caller,
    Path(account): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    body.fields.refuse_nul(&["roleKey"])?;
    let key = body.fields.text("roleKey").map(|key| key.trim().to_ascii_lowercase());
    let (org, account) = (&caller.principal().org_id, UserId::new(account));
    let member = state.node.store().assign_role(org, &account, key.as_deref(), &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&MemberAnswer { member }))
}
