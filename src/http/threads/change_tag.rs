//! `PATCH /api/threads/tags/{id}` (contract 05 §4).

use super::{TagAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, ThreadTagEnvelope, ThreadTagRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_store::ThreadRefused;
use uuid::Uuid;

/// Rename or recolour a tag, on all sessions that carry it.
#[utoipa::path(patch, path = "/api/threads/tags/{id}", operation_id = "changeThreadTag", tag = "threads",
    params(("id" = String, Path, description = "The tag's id")),
    request_body(content = ThreadTagRequest, example = json!({"color": "#00ff00"})),
    responses(
        (status = 200, description = "The tag as it is now", body = ThreadTagEnvelope),
        (status = 400, description = "The name is blank or has more than 48 characters", body = ErrorBody),
        (status = 404, description = "No such tag", body = ErrorBody,
            example = json!({"error": "Thread tag was not found.", "code": "threads.tag_unknown"})),
        (status = 409, description = "There is another one of this name", body = ErrorBody),
    ))]
pub(super) async fn change(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let (name, color) = (fields::tag_name(&body.fields)?, fields::color(&body.fields));
    let id = Uuid::try_parse(&id).map_err(|_| ThreadRefused::TagUnknown)?;
    let tag = state.node.store().change_thread_tag(&caller.principal().tenant_id, id, name.as_deref(), color).await??;
    Ok(Json::of(&TagAnswer { tag }))
}
