//! `GET /api/threads/smart-filters` (contract 05 §4).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SmartFilterList},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::thread::SmartFilter;
use serde::Serialize;

#[derive(Serialize)]
struct Filters {
    filters: Vec<SmartFilter>,
}

/// List the tenant's saved filters, in the order in which they were made.
#[utoipa::path(get, path = "/api/threads/smart-filters", operation_id = "listSmartFilters", tag = "threads",
    responses(
        (status = 200, description = "All of them", body = SmartFilterList, example = json!({"filters": []})),
        (status = 403, description = "The thread index is off", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let filters = state.node.store().smart_filters(&caller.principal().tenant_id).await?;
    Ok(Json::of(&Filters { filters }))
}
