//! `POST /scim/v2/Groups` (contract 02 §9), and what all writes of groups do.

use super::{
    answer::{ScimError, ScimJson},
    directory::{ScimBody, ScimCaller, deed},
    location::Location,
    resource::Group,
};
use crate::http::{
    schema::{ScimErrorBody, ScimGroupBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{ids::stable_id, scim::GroupRequest};
use http::StatusCode;
use serde_json::Value;

/// Give the role that a group is called like to its members.
///
/// Groups are not stored: one called owner, admin or member gives that role, others do nothing.
#[utoipa::path(post, path = "/scim/v2/Groups", operation_id = "createScimGroup", tag = "directory", security(("scimToken" = [])),
    request_body(content = ScimGroupBody, content_type = "application/scim+json",
        example = json!({"displayName": "Admin", "externalId": "g1", "members": [{"value": "ext-sam"}]})),
    responses(
        (status = 201, description = "The group", content_type = "application/scim+json", body = serde_json::Value,
            example = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "Admin",
                "meta": {"resourceType": "Group", "location": "https://cloud.example/scim/v2/Groups/g1"}})),
        (status = 400, description = "No name", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody),
        (status = 409, description = "The last active owner stays", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "code": "member.last_owner",
                "detail": "The last active owner cannot be removed or demoted."})),
    ))]
pub(super) async fn create(
    caller: ScimCaller,
    State(state): State<HttpState>,
    location: Location,
    ScimBody(body): ScimBody,
) -> Result<ScimJson, ScimError> {
    apply(&state, &caller, &location, &body, StatusCode::CREATED).await
}

pub(super) async fn apply(
    state: &HttpState,
    caller: &ScimCaller,
    location: &Location,
    body: &Value,
    status: StatusCode,
) -> Result<ScimJson, ScimError> {
    let group = GroupRequest::read(body)?;
    if let Some(role) = group.role {
        let cause = state.node.clock().nonce();
        state.node.store().grant_directory_role(&caller.0, &group.members, role, deed(state, "scim.group", &cause)).await?;
    }
    let id = group.external_id.unwrap_or_else(|| stable_id("group", &[caller.0.org.as_str(), &group.display_name]));
    Ok(ScimJson::of(status, &Group::of(&id, &group.display_name, location)))
}
