//! `GET /scim/v2/Users/{id}` (contract 02 §9).

use super::{
    answer::{ScimError, ScimJson},
    directory::ScimCaller,
    location::Location,
    resource::User,
};
use crate::http::{schema::ScimErrorBody, state::HttpState};
use axum::extract::{Path, State};
use http::StatusCode;

/// Read a member.
#[utoipa::path(get, path = "/scim/v2/Users/{id}", operation_id = "getScimUser", tag = "directory", security(("scimToken" = [])),
    params(("id" = String, Path, description = "The member's id")),
    responses(
        (status = 200, description = "The member", content_type = "application/scim+json", body = serde_json::Value),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 404, description = "No member of this organisation has the id", content_type = "application/scim+json", body = ScimErrorBody),
    ))]
pub(super) async fn get(
    caller: ScimCaller,
    State(state): State<HttpState>,
    location: Location,
    Path(id): Path<String>,
) -> Result<ScimJson, ScimError> {
    let user = state.node.store().directory_user(&caller.0, &id).await?.ok_or_else(ScimError::not_found)?;
    Ok(ScimJson::of(StatusCode::OK, &User::of(&user, &location)))
}
