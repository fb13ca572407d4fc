//! `POST /api/project-sources/snapshots` (contract 05 §2).

use super::snapshot::{Draft, draft};
use crate::{
    http::{
        answer::Json,
        body::{BulkJsonBody, JsonBody},
        error::ApiError,
        gate::Caller,
        schema::ErrorBody,
        state::HttpState,
    },
    project_sources::NewSnapshot,
};
use axum::extract::State;
use cowork_domain::{event::ProjectSource, timestamp::Timestamp};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded<'a> {
    snapshot_id: &'a str,
    object_key: &'a str,
    file_count: u64,
    byte_count: u64,
    created_at: Timestamp,
    project_source: &'a ProjectSource,
}

/// Upload a project for sessions to work on.
///
/// Create a session with the `projectSource` of the answer: its first turn finds the files in its workspace. A snapshot that no session
/// refers to is removed after 30 days. Paths that lead out of the project, may hold secrets (`.env`, private keys) or are made by tools
/// (`.git`, `node_modules`) are refused.
#[utoipa::path(post, path = "/api/project-sources/snapshots", operation_id = "uploadProjectSnapshot", tag = "sessions",
    request_body(content = serde_json::Value, example = json!({"title": "My project", "files": [{"path": "README.md", "dataBase64": "IyBoaQo="}]})),
    responses(
        (status = 201, description = "It is stored", body = serde_json::Value, example = json!({
            "snapshotId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "objectKey": "project-snapshots/acme-…/0d0f7c1e-…/snapshot.json",
            "fileCount": 1, "byteCount": 5, "createdAt": "2026-03-04T05:06:07.890Z",
            "projectSource": {"kind": "snapshot", "snapshotId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111",
                "objectKey": "project-snapshots/acme-…/0d0f7c1e-…/snapshot.json", "fileCount": 1, "byteCount": 5, "title": "My project"}})),
        (status = 400, description = "A file may not be uploaded, or there are too many", body = ErrorBody,
            example = json!({"error": "Project snapshot path \".env\" may hold secrets, so it can't be uploaded.", "code": "project_source.snapshot.secret_path",
                "verdict": {"allowed": false, "reason": "Project snapshot path \".env\" may hold secrets, so it can't be uploaded.", "policyCode": "project_source.snapshot.secret_path"}})),
        (status = 413, description = "The body is larger than 35 MiB", body = ErrorBody),
        (status = 429, description = "The organisation used up its bytes of this day", body = ErrorBody),
        (status = 503, description = "The object store is away", body = ErrorBody),
    ))]
pub(super) async fn upload(
    State(state): State<HttpState>,
    caller: Caller,
    BulkJsonBody(JsonBody { raw, fields }): BulkJsonBody,
) -> Result<Json, ApiError> {
    fields.refuse_nul(&["title"])?;
    let rules = state.options.project_sources.snapshots;
    let drafted = state.node.heavy().run(raw.len(), move || draft(&fields, &rules)).await;
    let Draft { title, files, file_count, byte_count } = drafted?;
    let (id, at) = (state.node.clock().mint_artifact_id().hyphenated().to_string(), state.node.clock().now());
    let new = NewSnapshot { id: id.clone(), title, files, file_count, byte_count, at };
    let source = state.snapshots.store(caller.principal(), new).await?;
    let ProjectSource::Snapshot { object_key, .. } = &source else { return Err(ApiError::not_found("Project snapshot was not found.")) };
    let uploaded = Uploaded { snapshot_id: &id, object_key, file_count, byte_count, created_at: at, project_source: &source };
    Ok(Json::of(&uploaded).with_status(StatusCode::CREATED))
}
