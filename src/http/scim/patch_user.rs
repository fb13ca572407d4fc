//! `PATCH /scim/v2/Users/{id}` (contract 02 §9).

use super::{
    answer::{ScimError, ScimJson},
    directory::{ScimBody, ScimCaller, deed},
    location::Location,
    resource::User,
};
use crate::http::{schema::ScimErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::scim;
use http::StatusCode;

/// Let a member take part, or shut them out. Other operations are accepted and change nothing.
#[utoipa::path(patch, path = "/scim/v2/Users/{id}", operation_id = "patchScimUser", tag = "directory", security(("scimToken" = [])),
    params(("id" = String, Path, description = "The member's id")),
    request_body(content = serde_json::Value, content_type = "application/scim+json",
        example = json!({"Operations": [{"op": "Replace", "value": {"active": "False"}}]})),
    responses(
        (status = 200, description = "The member", content_type = "application/scim+json", body = serde_json::Value),
        (status = 400, description = "No operations, or `active` is no boolean", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 404, description = "No member of this organisation has the id", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 409, description = "The last active owner stays", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "code": "member.last_owner",
                "detail": "The last active owner cannot be removed or demoted."})),
    ))]
pub(super) async fn patch(
    caller: ScimCaller,
    State(state): State<HttpState>,
    location: Location,
    Path(id): Path<String>,
    ScimBody(body): ScimBody,
) -> Result<ScimJson, ScimError> {
    let active = scim::read_patch(&body)?;
    let part = if active == Some(false) { "scim.deprovision" } else { "scim.update" };
    let cause = state.node.clock().nonce();
    let user = state.node.store().set_directory_user_active(&caller.0, &id, active, deed(&state, part, &cause)).await?;
    Ok(ScimJson::of(StatusCode::OK, &User::of(&user.ok_or_else(ScimError::not_found)?, &location)))
}
