//! `GET /api/threads/tags` (contract 05 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ThreadTagList},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::thread::ThreadTag;
use serde::Serialize;

#[derive(Serialize)]
struct Tags {
    tags: Vec<ThreadTag>,
}

/// List the tenant's tags, by name.
#[utoipa::path(get, path = "/api/threads/tags", operation_id = "listThreadTags", tag = "threads",
    responses(
        (status = 200, description = "All of them", body = ThreadTagList, example = json!({"tags": []})),
        (status = 403, description = "The thread index is off", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let tags = state.node.store().thread_tags(&caller.principal().tenant_id).await?;
    Ok(Json::of(&Tags { tags }))
}
