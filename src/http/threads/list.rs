//! `GET /api/threads` (contract 05 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, ThreadList},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::thread::Thread;
use http::Uri;
use serde::Serialize;
use uuid::Uuid;

/// Threads of one answer.
const MOST: u32 = 500;

#[derive(Serialize)]
struct Threads {
    threads: Vec<Thread>,
}

/// List the caller's sessions with their tags, the last changed first.
#[utoipa::path(get, path = "/api/threads", operation_id = "listThreads", tag = "threads",
    params(
        ("tagId" = Option<Vec<String>>, Query, description = "Only sessions that carry one of these tags"),
        ("tagIds" = Option<String>, Query, description = "The same, separated by commas"),
        ("limit" = Option<u32>, Query, description = "At most 500, which is the default"),
    ),
    responses(
        (status = 200, description = "The sessions", body = ThreadList, example = json!({"threads": [{"tenantId": "acme", "userId": "kim",
            "sessionId": "ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7", "title": "New session", "profileName": "full", "status": "idle",
            "createdAt": "2026-11-21T17:56:25.157Z", "updatedAt": "2026-11-21T17:56:27.458Z", "tags": []}]})),
        (status = 403, description = "The thread index is off", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let named: Vec<&str> = query.all("tagId").chain(query.all("tagIds").flat_map(|ids| ids.split(','))).map(str::trim).collect();
    let named: Vec<&str> = named.into_iter().filter(|id| !id.is_empty()).collect();
    // A tag that can't be is carried by nothing.
    let tags: Vec<Uuid> = named.iter().map(|id| Uuid::try_parse(id).unwrap_or_default()).collect();
    let threads = state.node.store().threads(caller.principal(), &tags, query.limit(MOST, MOST)).await?;
    Ok(Json::of(&Threads { threads }))
}
