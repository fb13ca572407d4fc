//! `POST /api/sessions/{id}/artifacts/{artifactId}/abort` (contract 05 §1.3).

use super::{ArtifactPath, metadata::artifact_id};
use crate::{
    artifacts::UploadState,
    http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use serde_json::json;

/// Give an upload up. Its bytes count no more.
#[utoipa::path(post, path = "/api/sessions/{id}/artifacts/{artifactId}/abort", operation_id = "abortArtifact", tag = "artifacts",
    params(("id" = String, Path, description = "The session's id"), ("artifactId" = String, Path, description = "The artifact's id")),
    responses(
        (status = 200, description = "How far it is", body = serde_json::Value,
            example = json!({"upload": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "state": "cleanup_pending"}})),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 409, description = "It is being finalized at this moment", body = ErrorBody),
    ))]
pub(super) async fn abort(State(state): State<HttpState>, caller: Caller, path: ArtifactPath) -> Result<Json, ApiError> {
    let by = caller.principal();
    let session = path.session()?;
    state.node.session_identity(by, session).await?;
    let named = path.artifact()?;
    let artifact = artifact_id(named).filter(|_| state.artifacts.takes_direct_uploads());
    let standing = match &artifact {
        Some(artifact) => state.artifacts.abort(&by.org_id, session, artifact).await?,
        None => UploadState::NotFound,
    };
    let shown = artifact.as_deref().unwrap_or(named);
    Ok(Json::of(&json!({ "upload": { "artifactId": shown, "state": standing.as_str() } })))
}
