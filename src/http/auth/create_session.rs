//! `POST /auth/session`: cookies for a credential (contract 00 §3.6).

use super::{
    device::Device,
    me,
    open_session::{self, signing_key},
};
use crate::http::{
    error::ApiError,
    gate,
    schema::{ErrorBody, Me},
    state::HttpState,
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use http::{HeaderMap, Method, header};

/// Exchange a bearer or header credential for the cookies of a browser session.
///
/// A session cookie is not enough: whoever has one would prolong it for ever.
#[utoipa::path(post, path = "/auth/session", operation_id = "createBrowserSession", tag = "identity",
    responses(
        (status = 200, description = "Signed in; two cookies come along", body = Me,
            example = json!({"principal": {"tenantId": "acme", "orgId": "acme", "tenantName": "Acme", "userId": "kim", "accountId": "kim",
                "email": "kim@acme.example", "role": "member", "authSource": "header"},
                "csrfToken": "9QmZ0m7c4oU1b3rJ8vWkq2yXo5sT6aLd1nPfGhEiRtY", "expiresAt": "2026-03-04T13:06:07.890Z"})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "The membership is not active", body = ErrorBody),
        (status = 404, description = "This deployment has no browser sessions", body = ErrorBody,
            example = json!({"error": "Cloud browser sessions are not configured.", "code": "resource.not_found"})),
    ))]
pub(super) async fn create(
    State(state): State<HttpState>,
    method: Method,
    device: Device,
    mut headers: HeaderMap,
) -> Result<Response, ApiError> {
    signing_key(&state)?;
    gate::refuse_foreign_page(&state, &method, &headers)?;
    headers.remove(header::COOKIE);
    let caller = gate::authenticate(&state, &method, &headers).await?;
    let opened = open_session::open(&state, &device, &caller).await?;
    let cookies = AppendHeaders(opened.cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok((cookies, me::shown(&caller, Some((&opened.csrf_token, opened.expires_at)))).into_response())
}
