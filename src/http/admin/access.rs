//! `GET /api/admin/access` (contract 02 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Credential,
    schema::{AccessAnswer, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{policy::Permissions, principal::Role};
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    access: Access,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Access {
    role: Role,
    custom_role_key: Option<String>,
    permissions: Permissions,
    email: String,
    sso_verified: bool,
}

/// Read what the caller may here.
///
/// Nobody becomes a member by asking. Pages show what these permissions allow, so they are those of the stored membership; a
/// stranger has none.
#[utoipa::path(get, path = "/api/admin/access", operation_id = "getAccess", tag = "administration",
    responses(
        (status = 200, description = "The resolved membership", body = AccessAnswer, example = json!({"access": {
            "role": "member", "customRoleKey": "auditor", "permissions": ["org:read", "audit:read"], "email": "kim@acme.test",
            "ssoVerified": false}})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "The token lacks the scope", body = ErrorBody),
    ))]
pub(super) async fn access(State(state): State<HttpState>, Credential(caller): Credential) -> Result<Json, ApiError> {
    super::may_read(&state, &caller)?;
    let resolved = state.authenticator.resolve(&state.options.signup, &caller);
    let access = Access {
        role: resolved.role,
        custom_role_key: resolved.custom_role,
        permissions: resolved.permissions,
        email: resolved.email,
        sso_verified: false,
    };
    Ok(Json::of(&Answer { access }))
}
