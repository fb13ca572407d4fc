//! `GET /auth/desktop/config`: how a desktop signs in (contract 00 §3.6).

use crate::{
    http::{
        answer::Json,
        error::ApiError,
        schema::{DesktopAuthConfig as DesktopAuthConfigSchema, ErrorBody},
        state::HttpState,
    },
    identity::oidc::OidcOptions,
};
use axum::extract::State;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DesktopAuthConfig<'a> {
    mode: &'static str,
    issuer_url: &'a str,
    client_id: &'a str,
    scope: &'static str,
}

/// Read how a desktop client signs in; only where OpenID Connect is configured.
#[utoipa::path(get, path = "/auth/desktop/config", operation_id = "getDesktopAuthConfig", tag = "identity",
    responses(
        (status = 200, description = "The provider, and who we are there", body = DesktopAuthConfigSchema,
            example = json!({"mode": "oidc", "issuerUrl": "https://id.example.com", "clientId": "cowork",
                "scope": "openid email profile offline_access"})),
        (status = 404, description = "This deployment does not use OpenID Connect", body = ErrorBody,
            example = json!({"error": "Cloud desktop auth is not configured.", "code": "resource.not_found"})),
    ))]
pub(super) async fn get(State(state): State<HttpState>) -> Result<Json, ApiError> {
    let provider = state.options.auth.oidc().ok_or_else(|| ApiError::not_found("Cloud desktop auth is not configured."))?;
    let OidcOptions { issuer, client_id, .. } = provider.options();
    Ok(Json::of(&DesktopAuthConfig { mode: "oidc", issuer_url: issuer, client_id, scope: OidcOptions::DESKTOP_SCOPE }))
}
