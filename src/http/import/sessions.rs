//! `POST /api/import/sessions` (contract 01 §2).

use super::artifacts::{self, ImportedArtifact};
use crate::http::{
    answer::Json,
    billing,
    body::{self, BulkJsonBody, JsonBody},
    error::ApiError,
    gate::Caller,
    schema::{CloudSessionView, ErrorBody, ImportSessionRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::SessionError;
use cowork_domain::{
    billing::BillingAction,
    ids::SessionId,
    import::{self, ImportError, ImportPlan},
    principal::Principal,
    timestamp::Timestamp,
};
use http::StatusCode;
use serde_json::{Map, Value};

/// Copy a local session to the cloud.
///
/// Its `artifacts` are uploads as `POST /api/sessions/{id}/artifacts` takes them, at most 25. The session begins with all of them or
/// doesn't begin.
#[utoipa::path(post, path = "/api/import/sessions", operation_id = "importSession", tag = "sessions",
    request_body(content = ImportSessionRequest, example = json!({
        "source": {"kind": "local-session", "fingerprint": "fp1", "title": "Local chat"},
        "messages": [{"id": "m1", "role": "user", "content": "Hi", "timestamp": "2026-01-02T03:04:05.000Z", "order": 1}]})),
    responses(
        (status = 201, description = "The new session", body = CloudSessionView),
        (status = 400, description = "The import is malformed, or holds local paths or secrets", body = ErrorBody,
            example = json!({"error": "Session import payload contains local paths or secret-like values.", "code": "import.unsafe_content"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 413, description = "More than 35 MiB", body = ErrorBody),
        (status = 429, description = "A quota is used up", body = ErrorBody),
        (status = 503, description = "The import has artifacts, and artifacts are off or their store is away", body = ErrorBody),
    ))]
pub(super) async fn import(
    State(state): State<HttpState>,
    caller: Caller,
    BulkJsonBody(JsonBody { raw, fields }): BulkJsonBody,
) -> Result<Json, ApiError> {
    let now = state.node.clock().now();
    let read = state.node.heavy().run(raw.len(), move || read(fields.0, now)).await;
    let id = state.node.clock().mint_session_id();
    let imported = match read {
        Ok((plan, artifacts)) => begin(&state, caller.principal(), id, plan, artifacts).await,
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

async fn begin(
    state: &HttpState,
    by: &Principal,
    id: SessionId,
    plan: ImportPlan,
    artifacts: Vec<ImportedArtifact>,
) -> Result<String, ApiError> {
    let profile_name = plan.profile_name.clone().unwrap_or_else(|| state.options.profile_name.clone());
    billing::require(state, &by.org_id, BillingAction::SessionCreate(&profile_name)).await?;
    if !artifacts.is_empty() {
        billing::require(state, &by.org_id, BillingAction::ArtifactUpload).await?;
    }
    let records = artifacts::store(state, by, id, artifacts).await?;
    let plan = ImportPlan { artifacts: records.clone(), ..plan };
    let imported = state.node.import_session(by, id, profile_name, plan).await;
    // Of a session that nobody answered for it isn't known whether it began.
    if imported.as_ref().is_err_and(|error| *error != SessionError::Unavailable) {
        artifacts::give_up(state, by, id, &records).await;
    }
    Ok(imported?)
}

/// An import that came about is in the audit log with its session; one that did not must be there, too.
async fn record_failure(state: &HttpState, caller: &Caller, id: SessionId, error: &ApiError) {
    let rows = import::failed(caller.principal(), id, error.stable_code(), state.node.clock().now());
    if let Err(error) = state.node.store().record_audit(&rows).await {
        tracing::warn!(%error, "a failed import is not in the audit log");
    }
}

/// In the order of the contract: artifacts first.
fn read(mut fields: Map<String, Value>, now: Timestamp) -> Result<(ImportPlan, Vec<ImportedArtifact>), ApiError> {
    let artifacts = artifacts::read(fields.remove("artifacts"))?;
    let request = Value::Object(fields);
    if body::holds_nul(&request) {
        return Err(ApiError::invalid("The import holds the character U+0000, which can't be stored."));
    }
    Ok((import::plan(&request, now)?, artifacts))
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string()).code(error.code())
    }
}
