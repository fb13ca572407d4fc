//! `POST /api/admin/sso/scim-token` (contract 02 §8).

use super::view::SsoView;
use crate::{
    http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
    identity::ScimToken,
};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScimTokenIssued {
    config: SsoView,
    /// Shown once.
    scim_token: String,
}

/// Give the organisation's directory a new token. The old one ends at once.
#[utoipa::path(post, path = "/api/admin/sso/scim-token", operation_id = "issueScimToken", tag = "administration",
    responses(
        (status = 201, description = "The token, and the configuration with SCIM on", body = ScimTokenIssued),
        (status = 403, description = "The caller lacks `sso:manage`", body = ErrorBody),
        (status = 404, description = "Single sign-on is not configured", body = ErrorBody,
            example = json!({"error": "SSO is not configured.", "code": "resource.not_found"})),
    ))]
pub(super) async fn issue(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let clock = state.node.clock();
    let token = ScimToken::mint(clock.random_bytes());
    let principal = caller.principal();
    let row = state.node.store().issue_scim_token(principal, &token.hash(), &clock.nonce(), clock.now()).await?;
    let row = row.ok_or_else(|| ApiError::not_found("SSO is not configured."))?;
    let answer = ScimTokenIssued { config: SsoView::of(&principal.org_id, row), scim_token: token.plaintext().to_owned() };
    Ok(Json::of(&answer).with_status(StatusCode::CREATED))
}
