//! `POST /api/import/sessions` (contract 01 §2).

use crate::http::{
    answer::Json,
    body::{self, BulkJsonBody},
    error::ApiError,
    gate::Caller,
    schema::{CloudSessionView, ErrorBody, ImportSessionRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{
    ids::SessionId,
    import::{self, ImportError, ImportPlan},
    timestamp::Timestamp,
};
use http::StatusCode;
use serde_json::Value;

/// Copy a local session to the cloud.
#[utoipa::path(post, path = "/api/import/sessions", operation_id = "importSession", tag = "sessions",
    request_body(content = ImportSessionRequest, example = json!({
        "source": {"kind": "local-session", "fingerprint": "fp1", "title": "Local chat"},
        "messages": [{"id": "m1", "role": "user", "content": "Hi", "timestamp": "2026-01-02T03:04:05.000Z", "order": 1}]})),
    responses(
        (status = 201, description = "The new session", body = CloudSessionView),
        (status = 400, description = "The import is malformed, or holds local paths or secrets", body = ErrorBody,
            example = json!({"error": "Session import payload contains local paths or secret-like values.", "code": "import.unsafe_content"})),
        (status = 413, description = "More than 35 MiB", body = ErrorBody),
        (status = 429, description = "A quota is used up", body = ErrorBody),
        (status = 503, description = "The import has artifacts, and artifact storage is off", body = ErrorBody),
    ))]
pub(super) async fn import(State(state): State<HttpState>, caller: Caller, BulkJsonBody(request): BulkJsonBody) -> Result<Json, ApiError> {
    let request = Value::Object(request.fields.0);
    let now = state.node.clock().now();
    // Looking through 35 MiB takes a second or more, in which this thread would serve nobody else.
    let plan = tokio::task::spawn_blocking(move || read(&request, now)).await.expect("reading an import does not panic");
    let id = state.node.clock().mint_session_id();
    let imported = match plan {
        Ok(plan) => {
            let profile_name = plan.profile_name.clone().unwrap_or_else(|| state.options.profile_name.clone());
            state.node.import_session(caller.principal(), id, profile_name, plan).await.map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    match imported {
        Ok(view) => Ok(Json::text(view).with_status(StatusCode::CREATED)),
        Err(error) => {
            record_failure(&state, &caller, id, &error).await;
            Err(error)
        }
    }
}

/// An import that came about is in the audit log with its session; one that did not must be there, too.
async fn record_failure(state: &HttpState, caller: &Caller, id: SessionId, error: &ApiError) {
    let rows = import::failed(caller.principal(), id, error.stable_code(), state.node.clock().now());
    if let Err(error) = state.node.store().record_audit(&rows).await {
        tracing::warn!(%error, "a failed import is not in the audit log");
    }
}

fn read(request: &Value, now: Timestamp) -> Result<ImportPlan, ApiError> {
    if body::holds_nul(request) {
        return Err(ApiError::invalid("The import holds the character U+0000, which can't be stored."));
    }
    Ok(import::plan(request, now)?)
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, error.to_string()).code(error.code())
    }
}
