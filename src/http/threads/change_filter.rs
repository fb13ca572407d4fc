//! `PATCH /api/threads/smart-filters/{id}` (contract 05 §4).

use super::{FilterAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SmartFilterEnvelope, SmartFilterRequest},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_store::ThreadRefused;
use uuid::Uuid;

/// Change a saved filter.
#[utoipa::path(patch, path = "/api/threads/smart-filters/{id}", operation_id = "changeSmartFilter", tag = "threads",
    params(("id" = String, Path, description = "The filter's id")),
    request_body(content = SmartFilterRequest, example = json!({"name": "Ours"})),
    responses(
        (status = 200, description = "The filter as it is now", body = SmartFilterEnvelope),
        (status = 400, description = "The name is blank or has more than 64 characters, or the query is no object", body = ErrorBody),
        (status = 404, description = "No such filter", body = ErrorBody,
            example = json!({"error": "Smart filter was not found.", "code": "threads.filter_unknown"})),
    ))]
pub(super) async fn change(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let (name, query) = (fields::filter_name(&body.fields)?, fields::query(&body.fields)?);
    let id = Uuid::try_parse(&id).map_err(|_| ThreadRefused::FilterUnknown)?;
    let filter = state.node.store().change_smart_filter(&caller.principal().tenant_id, id, name.as_deref(), query).await??;
    Ok(Json::of(&FilterAnswer { filter }))
}
