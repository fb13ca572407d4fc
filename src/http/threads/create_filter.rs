//! `POST /api/threads/smart-filters` (contract 05 §4).

use super::{FilterAnswer, fields};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SmartFilterEnvelope, SmartFilterRequest},
    state::HttpState,
};
use axum::extract::State;
use http::StatusCode;

/// Save a filter. Names need not be unique; what the query means is the clients' business.
#[utoipa::path(post, path = "/api/threads/smart-filters", operation_id = "createSmartFilter", tag = "threads",
    request_body(content = SmartFilterRequest, example = json!({"name": "Mine", "query": {"status": "running", "tagIds": []}})),
    responses(
        (status = 201, description = "The filter", body = SmartFilterEnvelope, example = json!({"filter": {"tenantId": "acme",
            "filterId": "0192f0a4-c1de-7d52-b0c3-a1f2e4d5c6b8", "name": "Mine", "query": {"status": "running", "tagIds": []},
            "createdAt": "2026-11-21T17:56:29.878Z", "updatedAt": "2026-11-21T17:56:29.878Z"}})),
        (status = 400, description = "The name is missing or has more than 64 characters, or the query is no object", body = ErrorBody,
            example = json!({"error": "Smart filter query must be an object.", "code": "request.invalid_field"})),
        (status = 409, description = "There are too many", body = ErrorBody),
    ))]
pub(super) async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let name = fields::filter_name(&body.fields)?.ok_or_else(|| ApiError::invalid("Smart filter name is required."))?;
    let query = fields::query(&body.fields)?.ok_or_else(|| ApiError::invalid("Smart filter query must be an object."))?;
    let id = state.node.clock().mint_index_id();
    let filter = state.node.store().create_smart_filter(&caller.principal().tenant_id, id, &name, query).await??;
    Ok(Json::of(&FilterAnswer { filter }).with_status(StatusCode::CREATED))
}
