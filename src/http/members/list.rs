//! `GET /api/admin/members` (contract 02 §5).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, MemberList},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::{
    codes::Code,
    membership::MemberRecord,
    policy::{Denial, Permission},
};
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize)]
struct Members {
    members: Vec<MemberRecord>,
}

/// List the members of the organisation, last changed first.
#[utoipa::path(get, path = "/api/admin/members", operation_id = "listMembers", tag = "administration",
    params(
        ("q" = Option<String>, Query, description = "Part of the e-mail address, the name or the account, in any case"),
        ("limit" = Option<u32>, Query, description = "How many, 100 by default and 500 at most"),
    ),
    responses(
        (status = 200, description = "The members", body = MemberList, example = json!({"members": [{
            "orgId": "acme", "accountId": "kim", "email": "kim@acme.test", "displayName": null, "role": "member", "customRoleKey": null,
            "status": "active", "createdAt": "2026-11-21T17:51:29.071Z", "updatedAt": "2026-11-21T17:51:29.071Z"}]})),
        (status = 403, description = "The caller may not see the members", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    // Whoever manages the organisation gets this far, but the list is for who may read it.
    if !caller.member().authority.permissions.contains(Permission::MembersRead) {
        return Err(Denial::principal(Some(Code::AuthRoleInsufficient)).into());
    }
    let query = Query::of(&uri);
    let search = query.get("q").map(str::trim).filter(|text| !text.is_empty());
    if search.is_some_and(|text| text.contains('\0')) {
        return Err(ApiError::invalid("The search must not hold the character U+0000."));
    }
    let limit = query.limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    let members = state.node.store().members(&caller.principal().org_id, search, limit).await?;
    Ok(Json::of(&Members { members }))
}
