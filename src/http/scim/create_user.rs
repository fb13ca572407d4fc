//! `POST /scim/v2/Users` (contract 02 §9).

use super::{
    answer::{ScimError, ScimJson},
    directory::{ScimBody, ScimCaller, deed},
    location::Location,
    resource::User,
};
use crate::http::{
    schema::{ScimErrorBody, ScimUserBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::scim::UserRequest;
use http::StatusCode;

/// Make a member, or describe the one with this address.
///
/// The same address is the same member, however often it is sent. Whoever signs in with the address becomes that member.
#[utoipa::path(post, path = "/scim/v2/Users", operation_id = "createScimUser", tag = "directory", security(("scimToken" = [])),
    request_body(content = ScimUserBody, content_type = "application/scim+json", example = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "sam@acme.test", "externalId": "ext-sam",
        "name": {"givenName": "Sam", "familyName": "Lee"}, "active": true})),
    responses(
        (status = 201, description = "The member", content_type = "application/scim+json", body = serde_json::Value),
        (status = 400, description = "No user name, or no address", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "scimType": "invalidValue",
                "detail": "userName is required."})),
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
    let request = UserRequest::read(&body)?;
    let cause = state.node.clock().nonce();
    let user = state.node.store().provision_user(&caller.0, &request, deed(&state, "scim.provision", &cause)).await?;
    Ok(ScimJson::of(StatusCode::CREATED, &User::of(&user, &location)))
}
