//! `GET /auth/sessions`: where somebody is signed in.

use super::person;
use crate::{
    http::{answer::Json, error::ApiError, schema::ErrorBody, state::HttpState},
    identity::Proof,
};
use axum::extract::State;
use cowork_domain::{ids::BrowserSessionId, timestamp::Timestamp};
use http::{HeaderMap, Method};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct BrowserSessions {
    sessions: Vec<BrowserSession>,
}

/// One browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BrowserSession {
    #[schema(value_type = String)]
    session_id: BrowserSessionId,
    /// What the browser calls itself.
    user_agent: Option<String>,
    /// Where it came from when it signed in.
    address: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Within some seconds.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// When it ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// List the browsers in which the caller is signed in, the last used first.
#[utoipa::path(get, path = "/auth/sessions", operation_id = "listBrowserSessions", tag = "identity",
    responses(
        (status = 200, description = "At most 500", body = BrowserSessions,
            example = json!({"sessions": [{"sessionId": "bses_0192b3c4d5e67f8090a1b2c3d4e5f607", "userAgent": "Mozilla/5.0",
                "address": "203.0.113.7", "createdAt": "2026-03-04T05:06:07.890Z", "lastSeenAt": "2026-03-04T06:00:00.000Z",
                "expiresAt": "2026-03-04T10:00:00.000Z", "current": true}]})),
        (status = 401, description = "No or bad credentials", body = ErrorBody),
        (status = 403, description = "Tokens can't see them", body = ErrorBody),
        (status = 404, description = "This deployment has no browser sessions", body = ErrorBody,
            example = json!({"error": "Cloud browser sessions are not configured.", "code": "resource.not_found"})),
    ))]
pub(super) async fn list(State(state): State<HttpState>, method: Method, headers: HeaderMap) -> Result<Json, ApiError> {
    let caller = person::authenticate(&state, &method, &headers).await?;
    let own = match caller.proof {
        Proof::Browser { session, .. } => Some(session),
        _ => None,
    };
    let rows = state.node.store().browser_sessions_of(&caller.principal.org_id, &caller.principal.account_id).await?;
    let sessions = rows.into_iter().map(|row| BrowserSession {
        session_id: row.id,
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        current: own == Some(row.id),
    });
    Ok(Json::of(&BrowserSessions { sessions: sessions.collect() }))
}
