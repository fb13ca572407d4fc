//! What a client says of an artifact that it uploads.

use super::{ArtifactKind, ArtifactStatus};
use crate::{
    event::{ArtifactRecord, inferred_kind},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The largest artifact, in bytes.
pub const MAX_ARTIFACT_BYTES: u64 = 25 * 1024 * 1024;
/// The longest file name, in characters.
const LONGEST_NAME: usize = 256;
/// The longest of the other texts, in bytes.
const LONGEST_TEXT: usize = 512;
/// The longest media type, in bytes.
const LONGEST_TYPE: usize = 255;

/// An artifact before it has an id and a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ArtifactDraft {
    pub filename: String,
    pub content_type: Option<String>,
    pub kind: Option<ArtifactKind>,
    pub status: Option<ArtifactStatus>,
    pub author_agent_id: Option<String>,
    pub project_id: Option<String>,
    pub task_id: Option<String>,
    pub status_updated_by: Option<String>,
    pub status_updated_at: Option<Timestamp>,
}

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum InvalidArtifact {
    #[error("Artifact filename is required.")]
    NameMissing,
    #[error("Artifact filename must have 1 to 256 characters.")]
    NameLength,
    #[error("Artifact filename must be a plain file name.")]
    NameUnsafe,
    #[error("Artifact contentType must be a media type such as text/plain.")]
    ContentType,
    #[error("Artifact {0} exceeds 512 bytes.")]
    TooLong(&'static str),
    #[error("Artifact {0} holds characters that can't be stored.")]
    Unstorable(&'static str),
}

impl ArtifactDraft {
    /// The draft as it will be stored, or what is wrong with it.
    pub fn checked(mut self) -> Result<Self, InvalidArtifact> {
        let length = self.filename.chars().count();
        if length == 0 {
            return Err(InvalidArtifact::NameMissing);
        }
        if length > LONGEST_NAME {
            return Err(InvalidArtifact::NameLength);
        }
        if matches!(self.filename.as_str(), "." | "..")
            || self.filename.chars().any(|character| "/\\".contains(character) || character.is_control())
        {
            return Err(InvalidArtifact::NameUnsafe);
        }
        self.content_type = match self.content_type {
            Some(text) => Some(media_type(&text).ok_or(InvalidArtifact::ContentType)?),
            None => None,
        };
        let texts = [
            ("authorAgentId", &self.author_agent_id),
            ("projectId", &self.project_id),
            ("taskId", &self.task_id),
            ("statusUpdatedBy", &self.status_updated_by),
        ];
        for (name, text) in texts {
            let Some(text) = text else { continue };
            if text.len() > LONGEST_TEXT {
                return Err(InvalidArtifact::TooLong(name));
            }
            if text.contains('\0') {
                return Err(InvalidArtifact::Unstorable(name));
            }
        }
        Ok(self)
    }

    /// The artifact as its log tells it.
    pub fn into_record(self, artifact_id: String, size: u64, checksum_sha256: String, at: Timestamp) -> ArtifactRecord {
        let kind = self.kind.or_else(|| ArtifactKind::parse(inferred_kind(self.content_type.as_deref(), &self.filename)));
        let status = self.status.unwrap_or_else(|| ArtifactStatus::of_new(kind.unwrap_or(ArtifactKind::Draft)));
        let was_set = self.status.is_some() || self.status_updated_by.is_some();
        ArtifactRecord {
            artifact_id,
            filename: self.filename,
            mime: self.content_type,
            size: Some(size),
            created_at: Some(at.to_string()),
            updated_at: Some(at.to_string()),
            kind: kind.map(|kind| kind.as_str().to_owned()),
            status: Some(status.as_str().to_owned()),
            author_agent_id: self.author_agent_id,
            project_id: self.project_id,
            task_id: self.task_id,
            task_run_id: None,
            status_updated_by: self.status_updated_by,
            status_updated_at: self.status_updated_at.or_else(|| was_set.then_some(at)).map(|at| at.to_string()),
            checksum_sha256: Some(checksum_sha256),
        }
    }
}

/// `type/subtype` in lower case, with parameters of plain ASCII if there are any (RFC 9110 §8.3).
fn media_type(text: &str) -> Option<String> {
    let text = text.trim();
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let (main, sub) = essence.split_once('/')?;
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let is_header = text.len() <= LONGEST_TYPE && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (is_header && is_token(main) && is_token(sub)).then(|| text.to_ascii_lowercase())
}

/// Whether a browser may show a content of this type in our own origin: it can't run anything there.
pub fn is_safe_to_show(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    matches!(
        essence,
        "text/plain"
            | "text/csv"
            | "text/markdown"
            | "image/png"
            | "image/jpeg"
            | "image/gif"
            | "image/webp"
            | "audio/mpeg"
            | "audio/wav"
            | "video/mp4"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(filename: &str) -> ArtifactDraft {
        ArtifactDraft {
            filename: filename.to_owned(),
            content_type: None,
            kind: None,
            status: None,
            author_agent_id: None,
            project_id: None,
            task_id: None,
            status_updated_by: None,
            status_updated_at: None,
        }
    }

    #[test]
    fn a_name_is_a_plain_file_name() {
        for good in ["a", "q3 report.pdf", "…", ".env", &"ä".repeat(256)] {
            assert!(named(good).checked().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a\\b", "a\0", "a\r\nb", &"a".repeat(257)] {
            assert!(named(bad).checked().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_media_type_is_stored_in_lower_case() {
        let stored =
            |text: &str| ArtifactDraft { content_type: Some(text.to_owned()), ..named("a") }.checked().map(|draft| draft.content_type);
        assert_eq!(stored("Application/PDF"), Ok(Some("application/pdf".to_owned())));
        assert_eq!(stored("text/plain; charset=UTF-8"), Ok(Some("text/plain; charset=utf-8".to_owned())));
        for bad in ["", "text", "text/", "/plain", "text/pl ain", "text/plain\r\nx: y", "text/ä", &format!("text/{}", "x".repeat(300))] {
            assert_eq!(stored(bad), Err(InvalidArtifact::ContentType), "{bad:?}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let at = Timestamp::from_millis(1_000);
        let record = |draft: ArtifactDraft| draft.into_record("a".into(), 3, "0".repeat(64), at);
        let chart = record(ArtifactDraft { content_type: Some("image/png".into()), ..named("sales-chart.png") });
        assert_eq!((chart.kind.as_deref(), chart.status.as_deref(), chart.status_updated_at), (Some("chart"), Some("final"), None));
        let said = record(ArtifactDraft { status: Some(ArtifactStatus::InReview), ..named("notes.txt") });
        assert_eq!((said.kind.as_deref(), said.status.as_deref()), (Some("document"), Some("in-review")));
        assert_eq!(said.status_updated_at, Some(at.to_string()));
    }

    proptest! {
        #[test]
        fn whatever_a_client_says_is_refused_or_can_be_a_header_and_a_row(filename in ".*", content_type in proptest::option::of(".*")) {
            if let Ok(draft) = (ArtifactDraft { content_type, ..named(&filename) }).checked() {
                prop_assert!(!draft.filename.contains(['/', '\\', '\0', '\n', '\r']));
                prop_assert!(draft.content_type.is_none_or(|text| text.is_ascii() && !text.contains(['\n', '\r', '\0'])));
            }
        }
    }
}
