//! `POST /api/threads/tags/{id}/remove` (contract 05 §4).

use super::{ThreadDone, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, TaggedSessionsRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_store::ThreadRefused;
use uuid::Uuid;

/// Take a tag off sessions of the caller: off all of them or, if one is not there, off none.
#[utoipa::path(post, path = "/api/threads/tags/{id}/remove", operation_id = "removeThreadTag", tag = "threads",
    params(("id" = String, Path, description = "The tag's id")),
    request_body(content = TaggedSessionsRequest, example = json!({"sessionIds": ["ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7"]})),
    responses(
        (status = 200, description = "Done", body = ThreadDone, example = json!({"ok": true})),
        (status = 400, description = "No list of session ids, or more than 500", body = ErrorBody),
        (status = 404, description = "No such tag, or a session that is not there or somebody else's", body = ErrorBody,
            example = json!({"error": "Thread tag was not found.", "code": "threads.tag_unknown"})),
    ))]
pub(super) async fn remove(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let sessions = fields::sessions(&body.fields)?;
    let id = Uuid::try_parse(&id).map_err(|_| ThreadRefused::TagUnknown)?;
    state.node.store().tag_sessions(caller.principal(), id, &sessions, false).await??;
    Ok(Json::of(&ThreadDone { ok: true }))
}
