//! `GET /api/sessions` (contract 01 §2).

use super::cursor;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, SessionList},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::{codes::Code, event::ProjectSource, record::SessionRecord, session::SessionStatus};
use cowork_store::{SessionFilter, SessionHead};
use http::StatusCode;
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    sessions: Vec<SessionRecord<'a>>,
    next_cursor: Option<String>,
    total_estimate: u64,
}

/// List the caller's sessions, last changed first.
#[utoipa::path(get, path = "/api/sessions", operation_id = "listSessions", tag = "sessions",
    params(
        ("limit" = Option<u32>, Query, description = "Page size, 100 by default and 500 at most"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page, with the same filters"),
        ("status" = Option<String>, Query, description = "idle, running, closed or errored"),
        ("profileName" = Option<String>, Query, description = "Exactly this profile"),
        ("q" = Option<String>, Query, description = "Part of the title, the ids or the profile; `query` means the same"),
    ),
    responses(
        (status = 200, description = "One page", body = SessionList),
        (status = 400, description = "The status or the cursor is invalid", body = ErrorBody,
            example = json!({"error": "Session list cursor is invalid.", "code": "sessions.cursor.invalid",
                "verdict": {"allowed": false, "reason": "Session list cursor is invalid.", "policyCode": "sessions.cursor.invalid"}})),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let status = match query.get("status") {
        Some(name) => {
            Some(SessionStatus::parse(name).ok_or_else(|| refused(Code::SessionStatusInvalid, "Session list status is invalid."))?)
        }
        None => None,
    };
    let profile = query.get("profileName");
    let text = query.get("q").or_else(|| query.get("query"));
    if [profile, text].into_iter().flatten().any(|filter| filter.contains('\0')) {
        return Err(ApiError::invalid("Session list filters must not hold the character U+0000."));
    }
    let principal = caller.principal();
    let scope = cursor::scope(principal, [status.map(SessionStatus::as_str), profile, text]);
    let after = match query.get("cursor") {
        Some(text) => {
            let row = cursor::decode(text, scope);
            Some(row.map_err(|_| refused(Code::SessionCursorInvalid, "Session list cursor is invalid."))?)
        }
        None => None,
    };
    let filter = SessionFilter { status, profile_name: profile.map(str::to_owned), query: text.map(str::to_owned) };
    let limit = query.limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    let page = state.node.store().list_sessions(principal.workspace(), &filter, after, limit).await?;
    let has_more = page.remaining_estimate > page.heads.len() as u64;
    let last = page.heads.last().filter(|_| has_more);
    Ok(Json::of(&Page {
        sessions: page.heads.iter().map(record).collect(),
        next_cursor: last.map(|head| cursor::encode(scope, head.updated_at, head.identity.session)),
        total_estimate: page.remaining_estimate,
    }))
}

fn record(head: &SessionHead) -> SessionRecord<'_> {
    let source = head.project_source.as_deref().and_then(|text| serde_json::from_str::<ProjectSource>(text).ok());
    SessionRecord {
        tenant_id: &head.identity.tenant,
        user_id: &head.identity.user,
        session_id: head.identity.session,
        opencode_session_id: &head.runtime_session,
        profile_name: &head.identity.profile_name,
        status: head.status,
        title: head.title.as_deref(),
        created_at: head.identity.created_at,
        updated_at: head.updated_at,
        project_source: source.as_ref().map(ProjectSource::summary),
    }
}

fn refused(code: Code, message: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message).verdict(code.as_str())
}
