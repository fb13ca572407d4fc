//! `PUT` and `PATCH /scim/v2/Groups/{id}` (contract 02 §9): both take a whole group, and the id in the path counts for nothing.

use super::{
    answer::{ScimError, ScimJson},
    create_group,
    directory::{ScimBody, ScimCaller},
    location::Location,
};
use crate::http::{
    schema::{ScimErrorBody, ScimGroupBody},
    state::HttpState,
};
use axum::extract::State;
use http::StatusCode;

/// Give the role that a group is called like to its members.
#[utoipa::path(put, path = "/scim/v2/Groups/{id}", operation_id = "replaceScimGroup", tag = "directory", security(("scimToken" = [])),
    params(("id" = String, Path, description = "Not looked at")),
    request_body(content = ScimGroupBody, content_type = "application/scim+json",
        example = json!({"displayName": "Admin", "members": [{"value": "ext-sam"}]})),
    responses(
        (status = 200, description = "The group", content_type = "application/scim+json", body = serde_json::Value),
        (status = 400, description = "No name", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 409, description = "The last active owner stays", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "code": "member.last_owner",
                "detail": "The last active owner cannot be removed or demoted."})),
    ))]
pub(super) async fn replace(
    caller: ScimCaller,
    State(state): State<HttpState>,
    location: Location,
    ScimBody(body): ScimBody,
) -> Result<ScimJson, ScimError> {
    create_group::apply(&state, &caller, &location, &body, StatusCode::OK).await
}

/// Give the role that a group is called like to its members.
#[utoipa::path(patch, path = "/scim/v2/Groups/{id}", operation_id = "patchScimGroup", tag = "directory", security(("scimToken" = [])),
    params(("id" = String, Path, description = "Not looked at")),
    request_body(content = ScimGroupBody, content_type = "application/scim+json",
        example = json!({"displayName": "Admin", "members": [{"value": "ext-sam"}]})),
    responses(
        (status = 200, description = "The group", content_type = "application/scim+json", body = serde_json::Value),
        (status = 400, description = "No name", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 409, description = "The last active owner stays", content_type = "application/scim+json", body = ScimErrorBody),
    ))]
pub(super) async fn patch(
    caller: ScimCaller,
    State(state): State<HttpState>,
    location: Location,
    ScimBody(body): ScimBody,
) -> Result<ScimJson, ScimError> {
    create_group::apply(&state, &caller, &location, &body, StatusCode::OK).await
}
