//! `POST /api/threads/tags` (contract 05 §4).

use super::{TagAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ThreadTagEnvelope, ThreadTagRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::thread::DEFAULT_COLOR;
use http::StatusCode;

/// Make a tag.
#[utoipa::path(post, path = "/api/threads/tags", operation_id = "createThreadTag", tag = "threads",
    request_body(content = ThreadTagRequest, example = json!({"name": "Urgent", "color": "#ff0000"})),
    responses(
        (status = 201, description = "The tag", body = ThreadTagEnvelope, example = json!({"tag": {"tenantId": "acme",
            "tagId": "0192f0a4-c1de-7d52-b0c3-a1f2e4d5c6b7", "name": "Urgent", "color": "#ff0000",
            "createdAt": "2026-11-21T17:56:29.653Z", "updatedAt": "2026-11-21T17:56:29.653Z"}})),
        (status = 400, description = "The name is missing or has more than 48 characters", body = ErrorBody,
            example = json!({"error": "Thread tag name is required.", "code": "request.invalid_field"})),
        (status = 409, description = "There is one of this name, or there are too many", body = ErrorBody,
            example = json!({"error": "A thread tag with this name exists already.", "code": "threads.tag_exists"})),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let name = fields::tag_name(&body.fields)?.ok_or_else(|| ApiError::invalid("Thread tag name is required."))?;
    let color = fields::color(&body.fields).unwrap_or(DEFAULT_COLOR);
    let id = state.node.clock().mint_index_id();
    let tag = state.node.store().create_thread_tag(&caller.principal().tenant_id, id, &name, color).await??;
    Ok(Json::of(&TagAnswer { tag }).with_status(StatusCode::CREATED))
}
