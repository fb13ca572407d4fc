//! `GET /api/usage/events` (contract 03 §4).

use super::{DEFAULT_LIMIT, MAXIMUM_LIMIT, record::UsageEvent};
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, UsageEventList},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use serde_json::json;

/// Read what the organisation used, newest first.
#[utoipa::path(get, path = "/api/usage/events", operation_id = "listUsageEvents", tag = "administration",
    params(("limit" = Option<u32>, Query, description = "How many, 100 by default and 500 at most")),
    responses(
        (status = 200, description = "The newest usage events", body = UsageEventList, example = json!({"events": [{
            "eventId": "usage_0f8a4c1de7d58d52b0c3a1f2e4d5c6b7", "orgId": "acme", "accountId": null, "eventType": "worker.minute",
            "quantity": 1, "unit": "minute", "createdAt": "2026-11-21T17:57:04.443Z",
            "metadata": {"tenantId": "acme", "workerId": "all-in-one-worker", "sessionId": "ses_018f2f5c3b1e7c008a1b2c3d4e5f6071", "elapsedMs": 70}}]})),
        (status = 403, description = "The caller has neither operations:view nor billing:manage", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let limit = Query::of(&uri).limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    let rows = state.node.store().usage_page(&caller.principal().org_id, limit).await?;
    Ok(Json::of(&json!({ "events": rows.iter().map(UsageEvent::of).collect::<Vec<_>>() })))
}
