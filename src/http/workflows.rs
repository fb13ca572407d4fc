//! Workflows (contract 05 §3). Nobody can make one here so far, so the list that clients load when they open is empty.

use super::{answer::Json, error::ApiError, gate::Gate, query::Query, schema::ErrorBody, state::HttpState};
use cowork_domain::{codes::Code, policy::Action};
use http::{StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(gate.allow(Action::WorkflowsList, routes!(list)))
}

/// The caller's workflows.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WorkflowList {
    workflows: Vec<Value>,
    runs: Vec<Value>,
    next_cursor: Option<String>,
    total_estimate: u64,
}

/// List the caller's workflows. There are none so far.
#[utoipa::path(get, path = "/api/workflows", operation_id = "listWorkflows", tag = "workspace",
    params(("cursor" = Option<String>, Query, description = "`nextCursor` of the page before")),
    responses(
        (status = 200, description = "One page", body = WorkflowList),
        (status = 400, description = "The cursor is none of ours", body = ErrorBody,
            example = json!({"error": "Workflow list cursor is invalid.", "code": "workflows.cursor.invalid",
                "verdict": {"allowed": false, "reason": "Workflow list cursor is invalid.", "policyCode": "workflows.cursor.invalid"}})),
    ))]
async fn list(uri: Uri) -> Result<Json, ApiError> {
    if Query::of(&uri).get("cursor").is_some() {
        let refused = ApiError::new(StatusCode::BAD_REQUEST, "Workflow list cursor is invalid.");
        return Err(refused.verdict(Code::WorkflowCursorInvalid.as_str()));
    }
    Ok(Json::of(&WorkflowList::default()))
}
