//! `DELETE /api/threads/smart-filters/{id}` (contract 05 §4).

use super::ThreadDeleted;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use uuid::Uuid;

/// Delete a saved filter.
#[utoipa::path(delete, path = "/api/threads/smart-filters/{id}", operation_id = "deleteSmartFilter", tag = "threads",
    params(("id" = String, Path, description = "The filter's id")),
    responses(
        (status = 200, description = "It is gone", body = ThreadDeleted, example = json!({"deleted": true})),
        (status = 403, description = "The thread index is off", body = ErrorBody),
    ))]
pub(super) async fn delete(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json, ApiError> {
    let deleted = match Uuid::try_parse(&id) {
        Ok(id) => state.node.store().delete_smart_filter(&caller.principal().tenant_id, id).await?,
        Err(_) => false,
    };
    Ok(Json::of(&ThreadDeleted { deleted }))
}
