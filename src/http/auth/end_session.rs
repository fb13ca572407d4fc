//! `DELETE /auth/sessions/{browserSession}`: signs another browser out.

use super::person;
use crate::{
    http::{answer::Json, error::ApiError, schema::ErrorBody, state::HttpState},
    identity::Proof,
};
use axum::extract::{Path, State};
use cowork_domain::audit::{AuditAction, AuditActor};
use http::{HeaderMap, Method};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct EndedBrowserSession {
    ended: bool,
}

/// Sign one of the caller's browsers out, at once and on every node.
#[utoipa::path(delete, path = "/auth/sessions/{browserSession}", operation_id = "endBrowserSession", tag = "identity",
    params(("browserSession" = String, Path, description = "`sessionId` of the list")),
    responses(
        (status = 200, description = "It is signed out", body = EndedBrowserSession, example = json!({"ended": true})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "Tokens can't end them; or a cookie session without its CSRF token", body = ErrorBody),
        (status = 404, description = "The caller has no such session, or it was ended before", body = ErrorBody,
            example = json!({"error": "Browser session was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn end(
    State(state): State<HttpState>,
    Path(session): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json, ApiError> {
    let caller = person::authenticate(&state, &method, &headers).await?;
    let unknown = || ApiError::not_found("Browser session was not found.");
    let session = session.parse().map_err(|_| unknown())?;
    let is_own = matches!(caller.proof, Proof::Browser { session: own, .. } if own == session);
    let action = if is_own { AuditAction::AuthSignOut } else { AuditAction::AuthSessionRevoked };
    let (by, now) = (&caller.principal, state.node.clock().now());
    let ended = state.node.store().end_browser_session(&by.org_id, &by.account_id, session, action, &AuditActor::of(by), now).await?;
    if ended { Ok(Json::of(&EndedBrowserSession { ended })) } else { Err(unknown()) }
}
