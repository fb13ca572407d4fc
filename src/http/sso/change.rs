//! `POST /api/admin/sso` (contract 02 §8).

use super::view::SsoView;
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SsoRequest},
    state::HttpState,
};
use axum::extract::State;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::{
    codes::Code,
    sso::{SsoEdit, SsoInvalid},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct SsoChanged {
    sso: SsoView,
}

/// Change the organisation's single sign-on, or set it up.
///
/// What the request doesn't name stays as it is; a blank text clears.
#[utoipa::path(post, path = "/api/admin/sso", operation_id = "changeSso", tag = "administration",
    request_body(content = SsoRequest, example = json!({
        "protocol": "oidc", "enabled": true, "displayName": "Acme IdP", "verifiedDomains": ["acme.test"],
        "oidcIssuer": "https://idp.acme.test", "oidcClientId": "cid"})),
    responses(
        (status = 200, description = "The configuration as it is now", body = SsoChanged, example = json!({"sso": {
            "orgId": "acme", "protocol": "oidc", "enabled": true, "enforced": false, "displayName": "Acme IdP", "verifiedDomains": ["acme.test"],
            "domainVerificationToken": "ocw-sso-verify-4q2F…", "oidcIssuer": "https://idp.acme.test", "oidcClientId": "cid", "samlEntityId": null,
            "samlAcsUrl": null, "samlSloUrl": null, "samlIdpEntityId": null, "samlIdpSsoUrl": null, "samlIdpMetadataUrl": null,
            "scimEnabled": false, "createdAt": "2026-11-21T17:56:47.778Z", "updatedAt": "2026-11-21T17:56:47.778Z",
            "hasOidcClientSecret": false, "hasSamlIdpCertificate": false, "hasScimToken": false}})),
        (status = 400, description = "An address isn't https, or a domain is none", body = ErrorBody,
            example = json!({"error": "\"verifiedDomains\" holds something that is not a domain name.", "code": "request.invalid_field"})),
        (status = 403, description = "The caller lacks `sso:manage`", body = ErrorBody),
        (status = 503, description = "Nothing can seal a secret", body = ErrorBody,
            example = json!({"error": "Storing SSO secrets requires envelope encryption (set OPEN_COWORK_CLOUD_SECRET_KEY).", "code": "secrets.unsealed"})),
    ))]
pub(super) async fn change(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let edit = SsoEdit::read(&body.fields.0)?;
    let clock = state.node.clock();
    let token = format!("ocw-sso-verify-{}", URL_SAFE_NO_PAD.encode(clock.random_bytes::<24>()));
    let principal = caller.principal();
    let row = state.node.store().change_sso(principal, &edit, &token, &clock.nonce(), clock.now()).await?;
    Ok(Json::of(&SsoChanged { sso: SsoView::of(&principal.org_id, row) }))
}

impl From<SsoInvalid> for ApiError {
    fn from(invalid: SsoInvalid) -> Self {
        match invalid {
            SsoInvalid::Unsealed => Self::new(StatusCode::SERVICE_UNAVAILABLE, invalid.to_string()).code(Code::SecretsUnsealed),
            _ => Self::invalid(invalid.to_string()),
        }
    }
}
