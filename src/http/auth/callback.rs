//! `GET /auth/callback`: a browser comes back from the provider (contract 00 §3.6). The path is configurable; dispatch leads the
//! configured one here.

use super::{browser_oidc::BrowserOidc, device::Device, open_session, state_cookie};
use crate::{
    http::{error::ApiError, query::Query, schema::ErrorBody, state::HttpState},
    identity::{Proof, oidc::Callback},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

/// Finish signing in with a browser.
#[utoipa::path(get, path = "/auth/callback", operation_id = "finishLogin", tag = "identity",
    params(
        ("code" = Option<String>, Query, description = "What the provider gave the browser"),
        ("state" = Option<String>, Query, description = "What this server gave it"),
        ("error" = Option<String>, Query, description = "Why the provider gave no code"),
    ),
    responses(
        (status = 302, description = "To the page that the browser wanted, with a session"),
        (status = 401, description = "Not the login that this browser began, or not one that the provider accepts", body = ErrorBody,
            example = json!({"error": "Cloud OIDC login is invalid or expired. Sign in again.", "code": "auth.required"})),
        (status = 404, description = "This deployment has no browser sign-in", body = ErrorBody,
            example = json!({"error": "Not found.", "code": "resource.not_found"})),
        (status = 503, description = "The OpenID provider can't be asked", body = ErrorBody,
            example = json!({"error": "Cloud OIDC provider is unavailable.", "code": "auth.provider_unavailable"})),
    ))]
pub(super) async fn callback(State(state): State<HttpState>, device: Device, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    let oidc = BrowserOidc::of(&state)?.ok_or_else(|| ApiError::not_found("Not found."))?;
    let finished = finish(&state, &oidc, &device, &uri, &headers).await;
    // Whatever came of it, this login is over.
    let cleared = state_cookie::cleared(state.options.browser_sessions.secure);
    let mut response = finished.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().append(header::SET_COOKIE, cleared);
    Ok(response)
}

async fn finish(state: &HttpState, oidc: &BrowserOidc<'_>, device: &Device, uri: &Uri, headers: &HeaderMap) -> Result<Response, ApiError> {
    let query = Query::of(uri);
    let callback = Callback {
        code: query.get("code"),
        state: query.get("state"),
        error: query.get("error"),
        issuer: query.get("iss"),
        state_cookie: state_cookie::value(headers),
    };
    let end = oidc.provider.finish_login(callback, oidc.key, state.node.clock().now()).await?;
    let caller = state.authenticator.vouched_for(state.node.store(), end.identity.principal, Proof::Login).await?;
    let session = open_session::open(state, device, &caller).await?;
    let location = HeaderValue::try_from(end.return_to).unwrap_or(HeaderValue::from_static("/"));
    let cookies = AppendHeaders(session.cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    let mut response = (StatusCode::FOUND, cookies).into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
