//! `POST /auth/logout` (contract 00 §3.6), and out of all browsers at once.

use super::{open_session::signing_key, person};
use crate::{
    http::{answer::Json, body::JsonBody, error::ApiError, gate, schema::ErrorBody, state::HttpState},
    identity::{Authenticated, Proof, cookie},
};
use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use cowork_domain::audit::{AuditAction, AuditActor};
use http::{HeaderMap, Method, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoggedOut {
    ok: bool,
    /// How many browsers were signed out; only where all were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_sessions: Option<usize>,
}

/// What to end.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct LogoutRequest {
    /// Sign out of all browsers.
    #[schema(default = false)]
    everywhere: Option<bool>,
}

/// Sign out of this browser, or of all.
///
/// It holds at once on every node: streams that the session opened end, and its cookie opens nothing any more. Where nobody is
/// signed in, the cookies are taken away all the same.
#[utoipa::path(post, path = "/auth/logout", operation_id = "logout", tag = "identity", request_body(content = LogoutRequest),
    responses(
        (status = 200, description = "Signed out; both cookies are taken away", body = LoggedOut, example = json!({"ok": true})),
        (status = 401, description = "Out of all browsers, but nobody is signed in", body = ErrorBody),
        (status = 403, description = "A cookie session without its CSRF token", body = ErrorBody,
            example = json!({"error": "Cloud CSRF token is missing or invalid.", "code": "auth.csrf_invalid"})),
        (status = 404, description = "This deployment has no browser sessions", body = ErrorBody,
            example = json!({"error": "Cloud browser sessions are not configured.", "code": "resource.not_found"})),
    ))]
pub(super) async fn logout(
    State(state): State<HttpState>,
    method: Method,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    signing_key(&state)?;
    gate::refuse_foreign_page(&state, &method, &headers)?;
    let everywhere = body.fields.value("everywhere") == Some(&Value::Bool(true));
    let mut ended_sessions = None;
    match gate::authenticate(&state, &method, &headers).await {
        Ok(caller) if everywhere => ended_sessions = Some(end_all(&state, &caller).await?),
        Ok(caller) => end_this(&state, &caller).await?,
        // Nobody is signed in, which is what was asked for.
        Err(error) if error.status() == StatusCode::UNAUTHORIZED && !everywhere => {}
        Err(error) => return Err(error),
    }
    let cookies = cookie::cleared(state.options.browser_sessions.secure).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), Json::of(&LoggedOut { ok: true, ended_sessions })).into_response())
}

async fn end_this(state: &HttpState, caller: &Authenticated) -> Result<(), ApiError> {
    let Proof::Browser { session, .. } = caller.proof else { return Ok(()) };
    let (by, now) = (&caller.principal, state.node.clock().now());
    let actor = AuditActor::of(by);
    state.node.store().end_browser_session(&by.org_id, &by.account_id, session, AuditAction::AuthSignOut, &actor, now).await?;
    Ok(())
}

async fn end_all(state: &HttpState, caller: &Authenticated) -> Result<usize, ApiError> {
    person::refuse_programs(caller)?;
    end_this(state, caller).await?;
    let (by, now) = (&caller.principal, state.node.clock().now());
    let actor = AuditActor::of(by);
    let others = state.node.store().end_browser_sessions_of(&by.org_id, &by.account_id, &actor, "signed_out_everywhere", now).await?;
    Ok(others.len() + usize::from(matches!(caller.proof, Proof::Browser { .. })))
}
