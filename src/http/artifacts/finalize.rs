//! `POST /api/sessions/{id}/artifacts/{artifactId}/finalize` (contract 05 §1.3).

use super::{
    ArtifactPath, find,
    metadata::{artifact_id, direct_upload},
    record::{Envelope, PublicArtifact},
};
use crate::{
    artifacts::{DirectError, Finalized},
    http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState},
};
use axum::extract::State;
use cowork_domain::artifact::{ArtifactChange, PublishArtifact, Transfer};
use http::StatusCode;

/// Publish what a browser put into the object store.
///
/// The metadata must be that of the reservation. Call it only after the upload to the store succeeded: an upload that isn't there,
/// or isn't what was announced, is given up for good.
#[utoipa::path(post, path = "/api/sessions/{id}/artifacts/{artifactId}/finalize", operation_id = "finalizeArtifact", tag = "artifacts",
    params(("id" = String, Path, description = "The session's id"), ("artifactId" = String, Path, description = "The artifact's id")),
    request_body(content = serde_json::Value, example = json!({"filename": "direct.txt", "contentType": "text/plain",
        "artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "checksumSha256": "db72a6e363c9ffcede9bb620256eb2b294a07b575a0401574c7636e65a953878", "expectedSize": 12})),
    responses(
        (status = 201, description = "It is published; the same call again gets the same answer", body = serde_json::Value,
            example = json!({"artifact": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "filename": "direct.txt", "size": 12}})),
        (status = 400, description = "The metadata is malformed", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 409, description = "Not what was reserved, not there, or given up", body = ErrorBody,
            example = json!({"error": "Cloud artifact upload is not ready to finalize.", "code": "artifacts.upload_conflict"})),
        (status = 503, description = "The object store is away; try again", body = ErrorBody),
    ))]
pub(super) async fn finalize(
    State(state): State<HttpState>,
    caller: Caller,
    path: ArtifactPath,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let by = caller.principal();
    let session = path.session()?;
    state.node.session_identity(by, session).await?;
    if !state.artifacts.takes_direct_uploads() {
        return Err(DirectError::Off.into());
    }
    let upload = direct_upload(&fields)?;
    if artifact_id(path.artifact()?).as_deref() != Some(upload.artifact.as_str()) {
        return Err(DirectError::Mismatch.into());
    }
    let record = match state.artifacts.finalize(&by.org_id, session, &upload).await? {
        Finalized::Published => find(&state, by, session, &upload.artifact).await?,
        Finalized::InHand(claim) => {
            let (artifact, size, checksum) = (upload.artifact.clone(), upload.size, upload.checksum.to_string());
            let record = upload.draft.into_record(artifact.clone(), size, checksum, state.node.clock().now());
            let change = ArtifactChange::Publish(Box::new(PublishArtifact { by: by.clone(), record, transfer: Transfer::Presigned }));
            let published = state.node.change_artifact(by, session, change).await;
            state.artifacts.finalized(&by.org_id, session, &artifact, claim).await?;
            published??
        }
    };
    Ok(Json::of(&Envelope { artifact: PublicArtifact::alone(session, &record) }).with_status(StatusCode::CREATED))
}
