//! `POST /api/admin/members/{accountId}/update` (contract 02 §5).

use super::MemberAnswer;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ErrorBody, MemberAnswer as MemberAnswerSchema, UpdateMemberRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::{ids::UserId, membership::MemberChange, principal::Role, signup::MemberStatus};

/// Change a member's built-in role or status.
///
/// Whoever loses permissions by it, or does not take part any more, loses all API tokens at once, and open streams end.
#[utoipa::path(post, path = "/api/admin/members/{accountId}/update", operation_id = "updateMember", tag = "administration",
    params(("accountId" = String, Path, description = "The member's account")),
    request_body(content = UpdateMemberRequest, example = json!({"status": "disabled", "confirm": "kim"})),
    responses(
        (status = 200, description = "The member as it is now", body = MemberAnswerSchema, example = json!({"member": {
            "orgId": "acme", "accountId": "kim", "email": "kim@acme.test", "displayName": null, "role": "admin", "customRoleKey": null,
            "status": "active", "createdAt": "2026-11-21T17:51:29.071Z", "updatedAt": "2026-11-21T17:54:54.130Z"}})),
        (status = 400, description = "The own role or status, the last owner, or no confirmation", body = ErrorBody,
            example = json!({"error": "The last active owner cannot be removed or demoted.", "code": "member.last_owner"})),
        (status = 403, description = "A matter of owners", body = ErrorBody,
            example = json!({"error": "Only owners can invite, promote or change owners.", "code": "member.owners_only"})),
        (status = 404, description = "No such member", body = ErrorBody,
            example = json!({"error": "Member was not found.", "code": "member.unknown"})),
    ))]
pub(super) async fn update(
    State(state): State<HttpState>,
    caller: Caller,
    Path(account): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let change = MemberChange {
        role: body.fields.text("role").and_then(Role::parse),
        status: body.fields.text("status").and_then(MemberStatus::parse),
        confirm: body.fields.text("confirm").map(str::to_owned),
    };
    let (org, account) = (&caller.principal().org_id, UserId::new(account));
    let member = state.node.store().change_member(org, &account, &change, &mandate::of(&state, &caller)).await?;
    Ok(Json::of(&MemberAnswer { member }))
}
