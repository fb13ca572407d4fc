//! `DELETE /scim/v2/Users/{id}` (contract 02 §9).

use super::{
    answer::ScimError,
    directory::{ScimCaller, deed},
};
use crate::http::{schema::ScimErrorBody, state::HttpState};
use axum::extract::{Path, State};
use http::StatusCode;

/// Shut a member out: the membership, its API tokens and browser sessions end at once. The member stays readable.
#[utoipa::path(delete, path = "/scim/v2/Users/{id}", operation_id = "deleteScimUser", tag = "directory", security(("scimToken" = [])),
    params(("id" = String, Path, description = "The member's id")),
    responses(
        (status = 204, description = "Done"),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 404, description = "No member of this organisation has the id", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 409, description = "The last active owner stays", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "code": "member.last_owner",
                "detail": "The last active owner cannot be removed or demoted."})),
    ))]
pub(super) async fn delete(caller: ScimCaller, State(state): State<HttpState>, Path(id): Path<String>) -> Result<StatusCode, ScimError> {
    let cause = state.node.clock().nonce();
    let deed = deed(&state, "scim.deprovision", &cause);
    let user = state.node.store().set_directory_user_active(&caller.0, &id, Some(false), deed).await?;
    user.map(|_| StatusCode::NO_CONTENT).ok_or_else(ScimError::not_found)
}
