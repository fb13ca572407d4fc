//! `GET /api/admin/audit` (contract 02 §10).

use super::{cursor, filter, record::AuditRecord};
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{AuditPage, ErrorBody},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::codes::Code;
use cowork_store::AuditPlace;
use http::StatusCode;
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    events: Vec<AuditRecord<'a>>,
    next_cursor: Option<String>,
}

/// Read the organisation's audit log, newest first.
#[utoipa::path(get, path = "/api/admin/audit", operation_id = "listAuditEvents", tag = "administration",
    params(
        ("limit" = Option<u32>, Query, description = "Page size, 100 by default and 500 at most"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page, with the same filters"),
        ("actorId" = Option<String>, Query, description = "Exactly this actor"),
        ("actorType" = Option<String>, Query, description = "user, api_token or system; anything else is ignored"),
        ("action" = Option<String>, Query, description = "The event type begins with this"),
        ("targetType" = Option<String>, Query, description = "Exactly this kind of target"),
        ("targetId" = Option<String>, Query, description = "Exactly this target"),
        ("result" = Option<String>, Query, description = "What the metadata says under `result`"),
        ("channelBindingId" = Option<String>, Query, description = "only what is about this channel binding: its target, or named in its metadata"),
        ("from" = Option<String>, Query, description = "Not before this instant or day, ISO 8601; anything else is ignored"),
        ("to" = Option<String>, Query, description = "Not after this instant, ISO 8601; anything else is ignored"),
    ),
    responses(
        (status = 200, description = "One page", body = AuditPage, example = json!({"events": [{
            "eventId": "audit_0f8a4c1de7d58d52b0c3a1f2e4d5c6b7", "orgId": "acme", "accountId": "owner1", "eventType": "sso_config.updated",
            "actorType": "user", "actorId": "owner1", "targetType": "sso_config", "targetId": "acme",
            "metadata": {"enabled": true, "protocol": "saml"}, "createdAt": "2026-11-21T17:56:50.802Z"}], "nextCursor": null})),
        (status = 400, description = "The cursor is invalid", body = ErrorBody,
            example = json!({"error": "Audit list cursor is invalid.", "code": "audit.cursor.invalid",
                "verdict": {"allowed": false, "reason": "Audit list cursor is invalid.", "policyCode": "audit.cursor.invalid"}})),
        (status = 403, description = "The caller may not read the audit log", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let filter = filter::of(&query)?;
    let principal = caller.principal();
    let scope = cursor::scope(principal, &filter);
    let after = query.get("cursor").map(|text| cursor::decode(text, scope)).transpose().map_err(|_| invalid_cursor())?;
    let limit = query.limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    // One more than asked for tells whether there is another page.
    let mut rows = state.node.store().audit_page(&principal.org_id, &filter, after, limit + 1).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| has_more);
    Ok(Json::of(&Page {
        events: rows.iter().map(AuditRecord::of).collect(),
        next_cursor: last.map(|row| cursor::encode(scope, AuditPlace::of(row))),
    }))
}

fn invalid_cursor() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "Audit list cursor is invalid.").verdict(Code::AuditCursorInvalid.as_str())
}
