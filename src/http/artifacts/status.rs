//! `POST /api/sessions/{id}/artifacts/{artifactId}/status` (contract 05 §1.3).

use super::{
    ArtifactPath,
    metadata::{kind, status as read_status},
    record::{Envelope, PublicArtifact},
};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    error::ApiError,
    gate::Caller,
    schema::ErrorBody,
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::artifact::{ArtifactChange, ReviewArtifact};

/// The longest of the free texts, in bytes.
const LONGEST: usize = 512;

/// Say how far an artifact is. It only moves forward.
#[utoipa::path(post, path = "/api/sessions/{id}/artifacts/{artifactId}/status", operation_id = "setArtifactStatus", tag = "artifacts",
    params(("id" = String, Path, description = "The session's id"), ("artifactId" = String, Path, description = "The artifact's id")),
    request_body(content = serde_json::Value, example = json!({"status": "in-review", "updatedBy": "reviewer"})),
    responses(
        (status = 200, description = "The artifact as it is now", body = serde_json::Value,
            example = json!({"artifact": {"artifactId": "0d0f7c1e-5a1f-4a0f-9b5b-7ae1f0b6f111", "status": "in-review"}})),
        (status = 400, description = "No status, or none that there is", body = ErrorBody),
        (status = 404, description = "No such session or artifact", body = ErrorBody),
        (status = 409, description = "It is further than that", body = ErrorBody,
            example = json!({"error": "Artifact status cannot move backwards.", "code": "artifacts.status_backwards"})),
    ))]
pub(super) async fn status(
    State(state): State<HttpState>,
    caller: Caller,
    path: ArtifactPath,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let by = caller.principal();
    let (session, artifact) = (path.session()?, path.artifact()?);
    let status = read_status(&fields)?.ok_or_else(|| ApiError::invalid("Artifact status is required."))?;
    let review = ReviewArtifact {
        artifact_id: artifact.to_owned(),
        status,
        updated_by: text(&fields, "updatedBy")?,
        author_agent_id: text(&fields, "authorAgentId")?,
        project_id: text(&fields, "projectId")?,
        task_id: text(&fields, "taskId")?,
        kind: kind(&fields)?,
    };
    let record = state.node.change_artifact(by, session, ArtifactChange::Review(Box::new(review))).await??;
    Ok(Json::of(&Envelope { artifact: PublicArtifact::alone(session, &record) }))
}

fn text(fields: &Fields, name: &'static str) -> Result<Option<String>, ApiError> {
    fields.refuse_nul(&[name])?;
    let text = fields.text(name);
    if text.is_some_and(|text| text.len() > LONGEST) {
        return Err(ApiError::invalid(format!("Artifact {name} exceeds 512 bytes.")));
    }
    Ok(text.map(str::to_owned))
}
