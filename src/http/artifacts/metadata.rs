//! What a client says of an artifact, from the fields of a body.

use crate::{
    artifacts::DirectUpload,
    http::{body::Fields, error::ApiError},
};
use cowork_domain::artifact::{ArtifactDraft, ArtifactKind, ArtifactStatus, MAX_ARTIFACT_BYTES};
use uuid::{Uuid, Variant};

/// The metadata of an upload of either kind.
pub(in crate::http) fn draft(fields: &Fields) -> Result<ArtifactDraft, ApiError> {
    let filename = fields.text("filename").ok_or_else(|| ApiError::invalid("Artifact filename is required."))?;
    let text = |name| fields.text(name).map(str::to_owned);
    let draft = ArtifactDraft {
        filename: filename.to_owned(),
        content_type: text("contentType"),
        kind: kind(fields)?,
        status: status(fields)?,
        author_agent_id: text("authorAgentId"),
        project_id: text("projectId"),
        task_id: text("taskId"),
        status_updated_by: text("statusUpdatedBy"),
        status_updated_at: fields.date("statusUpdatedAt")?,
    };
    Ok(draft.checked()?)
}

/// `kind`, if it is there.
pub(super) fn kind(fields: &Fields) -> Result<Option<ArtifactKind>, ApiError> {
    let Some(word) = fields.text("kind") else { return Ok(None) };
    ArtifactKind::parse(word)
        .map(Some)
        .ok_or_else(|| ApiError::invalid("Artifact kind must be document, chart, deck, spreadsheet or draft."))
}

/// `status`, if it is there.
pub(super) fn status(fields: &Fields) -> Result<Option<ArtifactStatus>, ApiError> {
    let Some(word) = fields.text("status") else { return Ok(None) };
    ArtifactStatus::parse(word).map(Some).ok_or_else(|| ApiError::invalid("Artifact status must be draft, in-review or final."))
}

/// The metadata of an upload that goes straight to the store.
pub(super) fn direct_upload(fields: &Fields) -> Result<DirectUpload, ApiError> {
    let draft = draft(fields)?;
    let artifact =
        fields.text("artifactId").and_then(artifact_id).ok_or_else(|| ApiError::invalid("Artifact artifactId must be a UUID v4."))?;
    let checksum = fields.text("checksumSha256").and_then(|text| text.parse().ok());
    let checksum = checksum.ok_or_else(|| ApiError::invalid("Artifact checksumSha256 must be 64 lower-case hexadecimal digits."))?;
    let size = fields.value("expectedSize").and_then(serde_json::Value::as_u64).filter(|size| *size > 0);
    let size = size.ok_or_else(|| ApiError::invalid("Artifact expectedSize must be a positive whole number."))?;
    if size > MAX_ARTIFACT_BYTES {
        return Err(super::refusals::too_large());
    }
    Ok(DirectUpload { artifact, draft, checksum, size })
}

/// A UUID v4 in its one spelling.
pub(super) fn artifact_id(text: &str) -> Option<String> {
    let is_hyphenated = text.len() == 36;
    let id = Uuid::try_parse(text).ok().filter(|id| is_hyphenated && id.get_version_num() == 4 && id.get_variant() == Variant::RFC4122)?;
    Some(id.hyphenated().to_string())
}
