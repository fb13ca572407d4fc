//! The record of an artifact in events (contract 05 §1). It never holds an object-store key: the
//! stored payload is what every subscriber gets.

use crate::projection::ProjectedArtifact;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// An artifact as an event reports it. What follows from the id and the file name (`filePath`,
/// `toolId`, `source`, …) is added when it is serialised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ArtifactRecord {
    pub artifact_id: String,
    pub filename: String,
    pub mime: Option<String>,
    pub size: Option<u64>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub author_agent_id: Option<String>,
    pub project_id: Option<String>,
    pub task_id: Option<String>,
    pub task_run_id: Option<String>,
    pub status_updated_by: Option<String>,
    pub status_updated_at: Option<String>,
    /// Lowercase hex SHA-256 of the content.
    pub checksum_sha256: Option<String>,
}

/// `toolId` of every cloud artifact.
pub const TOOL_ID: &str = "cloud-artifact";
/// `toolName` of every cloud artifact.
pub const TOOL_NAME: &str = "cloud.artifact";

/// What browsers encode in one component of a path.
const COMPONENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'!').remove(b'~').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

impl ArtifactRecord {
    /// `cloud-artifact://{id}/{filename}`, both percent-encoded.
    pub fn file_path(&self) -> String {
        let [id, filename] = [&self.artifact_id, &self.filename].map(|part| utf8_percent_encode(part, COMPONENT));
        format!("cloud-artifact://{id}/{filename}")
    }
}

impl Serialize for ArtifactRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("artifactId", &self.artifact_id)?;
        map.serialize_entry("id", &self.artifact_id)?;
        map.serialize_entry("cloudArtifactId", &self.artifact_id)?;
        map.serialize_entry("toolId", TOOL_ID)?;
        map.serialize_entry("toolName", TOOL_NAME)?;
        map.serialize_entry("source", "cloud")?;
        map.serialize_entry("filePath", &self.file_path())?;
        map.serialize_entry("filename", &self.filename)?;
        if let Some(mime) = &self.mime {
            map.serialize_entry("mime", mime)?;
        }
        map.serialize_entry("contentType", &self.mime)?;
        if let Some(size) = &self.size {
            map.serialize_entry("size", size)?;
        }
        let optional = [
            ("createdAt", &self.created_at),
            ("updatedAt", &self.updated_at),
            ("kind", &self.kind),
            ("status", &self.status),
            ("taskRunId", &self.task_run_id),
            ("checksumSha256", &self.checksum_sha256),
        ];
        for (name, value) in optional.into_iter().filter(|(_, value)| value.is_some()) {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("authorAgentId", &self.author_agent_id)?;
        map.serialize_entry("projectId", &self.project_id)?;
        map.serialize_entry("taskId", &self.task_id)?;
        map.serialize_entry("statusUpdatedBy", &self.status_updated_by)?;
        map.serialize_entry("statusUpdatedAt", &self.status_updated_at)?;
        map.end()
    }
}

/// What is left of it in a projection; the checksum isn't.
impl From<&ProjectedArtifact> for ArtifactRecord {
    fn from(shown: &ProjectedArtifact) -> Self {
        Self {
            artifact_id: shown.id.clone(),
            filename: shown.filename.clone(),
            mime: shown.mime.clone(),
            size: shown.size,
            created_at: shown.created_at.clone(),
            updated_at: shown.updated_at.clone(),
            kind: shown.kind.clone(),
            status: shown.status.clone(),
            author_agent_id: shown.author_agent_id.clone(),
            project_id: shown.project_id.clone(),
            task_id: shown.task_id.clone(),
            task_run_id: shown.task_run_id.clone(),
            status_updated_by: shown.status_updated_by.clone(),
            status_updated_at: shown.status_updated_at.clone(),
            checksum_sha256: None,
        }
    }
}

/// The kind of a file by its media type and name (contract 05 §1.1), in the order of the rules.
pub fn inferred_kind(mime: Option<&str>, filename: &str) -> &'static str {
    let mime = mime.unwrap_or_default().to_ascii_lowercase();
    let name = filename.to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if mime.starts_with("image/") && (name.contains("chart") || name.contains("vega")) {
        "chart"
    } else if mime.contains("presentation") || mime.contains("powerpoint") || ["ppt", "pptx", "key"].contains(&extension) {
        "deck"
    } else if mime.contains("spreadsheet")
        || mime.contains("csv")
        || mime.contains("ms-excel")
        || ["csv", "tsv", "xls", "xlsx", "ods"].contains(&extension)
    {
        "spreadsheet"
    } else if mime == "application/pdf"
        || mime.contains("markdown")
        || mime.starts_with("text/")
        || ["md", "markdown", "txt", "pdf", "doc", "docx", "htm", "html"].contains(&extension)
    {
        "document"
    } else {
        "draft"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_encoded_as_browsers_do() {
        let record = ArtifactRecord { artifact_id: "ses_1:artifact:d1".into(), filename: "q3 report.pdf".into(), ..Default::default() };
        assert_eq!(record.file_path(), "cloud-artifact://ses_1%3Aartifact%3Ad1/q3%20report.pdf");
    }

    #[test]
    fn kinds_follow_the_media_type_first() {
        assert_eq!(inferred_kind(Some("image/png"), "sales-chart.png"), "chart");
        assert_eq!(inferred_kind(None, "talk.PPTX"), "deck");
        assert_eq!(inferred_kind(Some("text/csv"), "a"), "spreadsheet");
        assert_eq!(inferred_kind(Some("text/plain"), "a"), "document");
        assert_eq!(inferred_kind(Some("application/json"), "a.json"), "draft");
    }
}
