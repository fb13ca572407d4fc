//! `GET /scim/v2/ServiceProviderConfig` (RFC 7643 §5).

use super::{
    answer::{ScimError, ScimJson},
    directory::ScimCaller,
    location::Location,
};
use crate::http::schema::ScimErrorBody;
use http::StatusCode;
use serde_json::json;

/// Read what of SCIM is understood.
#[utoipa::path(get, path = "/scim/v2/ServiceProviderConfig", operation_id = "readScimServiceProviderConfig", tag = "directory",
    security(("scimToken" = [])),
    responses(
        (status = 200, description = "Patching and one filter", content_type = "application/scim+json", body = serde_json::Value),
        (status = 401, description = "No or a bad token", content_type = "application/scim+json", body = ScimErrorBody,
            example = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", "detail": "SCIM token is invalid."})),
    ))]
pub(super) async fn read(_caller: ScimCaller, location: Location) -> Result<ScimJson, ScimError> {
    let unsupported = json!({ "supported": false });
    Ok(ScimJson::of(
        StatusCode::OK,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true },
            "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": super::list_users::MOST },
            "changePassword": unsupported,
            "sort": unsupported,
            "etag": unsupported,
            "authenticationSchemes": [{
                "type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "The organisation's SCIM token as a bearer token.",
                "primary": true,
            }],
            "meta": { "resourceType": "ServiceProviderConfig", "location": location.service("ServiceProviderConfig") },
        }),
    ))
}
