//! What can happen to an artifact of a session.

use super::{ArtifactKind, ArtifactStatus};
use crate::{
    audit::{AuditAction, AuditRow, AuditTarget, UsageRow},
    event::ArtifactRecord,
    principal::Principal,
    session::SessionIdentity,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One change, made by the session that owns the artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ArtifactChange {
    /// Its content is stored: from now on it is there.
    Publish(Box<PublishArtifact>),
    /// Somebody says how far it is.
    Review(Box<ReviewArtifact>),
}

/// A new artifact. Told again it changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishArtifact {
    /// Who uploaded it.
    pub by: Principal,
    /// What it is.
    pub record: ArtifactRecord,
    /// Which way it came.
    pub transfer: Transfer,
}

impl PublishArtifact {
    /// What billing and auditors hear of it.
    pub fn rows(&self, identity: &SessionIdentity, at: Timestamp) -> (UsageRow, AuditRow) {
        let Self { by, record, transfer } = self;
        let (session, id) = (identity.session, &record.artifact_id);
        let cause = format!("{session}:{id}");
        let size = i64::try_from(record.size.unwrap_or(0)).unwrap_or(i64::MAX);
        let used = json!({ "tenantId": identity.tenant, "sessionId": session, "artifactId": id });
        let usage = UsageRow::bytes(&identity.org, Some(&by.account_id), &cause, "artifact.uploaded", size, used, at);
        let told = json!({
            "sessionId": session, "size": size, "contentType": record.mime, "kind": record.kind, "mode": transfer.as_str(),
        });
        let audit = AuditRow::by(by, &cause, AuditAction::ArtifactUploaded, &AuditTarget::new("artifact", id), told, at);
        (usage, audit)
    }
}

/// Which way a content goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transfer {
    /// Through us.
    Buffered,
    /// Straight to or from the object store.
    Presigned,
}

impl Transfer {
    /// The word in audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buffered => "buffered",
            Self::Presigned => "presigned",
        }
    }
}

/// How far an artifact is now, and what else somebody says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ReviewArtifact {
    pub artifact_id: String,
    pub status: ArtifactStatus,
    pub updated_by: Option<String>,
    pub author_agent_id: Option<String>,
    pub project_id: Option<String>,
    pub task_id: Option<String>,
    pub kind: Option<ArtifactKind>,
}

/// Why an artifact does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum ArtifactRefusal {
    /// The session has no such artifact.
    #[error("the session has no such artifact")]
    Unknown,
    /// It is further than that.
    #[error("an artifact's status only moves forward")]
    Backwards,
}
