//! Which project sources sessions may work on (contract 05 §2): what is refused, by which rule, and in which order.
//!
//! The same rules are asked when a person wants to know, when a session begins, when it is prompted, and once more before its files
//! are fetched: a deployment may have changed its mind meanwhile.

mod credential;
mod file_path;
mod git;
mod git_url;
mod snapshot;

pub use credential::CredentialReferences;
pub use file_path::{PathRefused, check_path};
pub use git::{CheckoutLimits, GitRules};
pub use git_url::{GitUrl, GitUrlError};
pub use snapshot::{SnapshotRules, snapshot_key};

use crate::{
    codes::Code,
    event::ProjectSource,
    ids::{OrgId, TenantId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest of each text of a source, in bytes.
const LONGEST: usize = 2048;

/// What a deployment accepts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectSourceRules {
    /// Repositories.
    pub git: GitRules,
    /// Uploads.
    pub snapshots: SnapshotRules,
}

/// Why a source is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct SourceDenied {
    /// The rule.
    pub code: Code,
    /// For people.
    pub reason: String,
}

impl SourceDenied {
    pub(crate) fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Reads a source as a client wrote it. Blank optional texts are none.
pub fn read_source(value: &Value) -> Result<ProjectSource, SourceDenied> {
    let malformed = || SourceDenied::new(Code::ProjectSourceInvalid, "Cloud project source is invalid.");
    let mut source: ProjectSource = ProjectSource::deserialize(value).map_err(|_| malformed())?;
    let (needed, optional) = match &mut source {
        ProjectSource::Git { repository_url, reference, subdirectory, credential_ref } => {
            (vec![repository_url], vec![reference, subdirectory, credential_ref])
        }
        ProjectSource::Snapshot { snapshot_id, object_key, title, .. } => (vec![snapshot_id, object_key], vec![title]),
    };
    for text in needed {
        if !is_text(text) {
            return Err(malformed());
        }
        *text = text.trim().to_owned();
    }
    for text in optional {
        *text = text.take().filter(|text| !text.trim().is_empty());
        if text.as_deref().is_some_and(|text| !is_text(text)) {
            return Err(malformed());
        }
    }
    Ok(source)
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST && !text.contains('\0')
}

impl ProjectSourceRules {
    /// Whether the profile allows a source. Whose snapshot it is, is not asked here: that is the session's question.
    pub fn evaluate(&self, source: &ProjectSource, org: &OrgId) -> Result<(), SourceDenied> {
        match source {
            ProjectSource::Git { repository_url, reference, subdirectory, credential_ref } => {
                self.git.check(repository_url, subdirectory.as_deref(), reference.as_deref(), credential_ref.as_deref(), org)
            }
            ProjectSource::Snapshot { file_count, byte_count, .. } => self.snapshots.check(*file_count, *byte_count),
        }
    }

    /// Whether a session of this tenant may work on a source.
    pub fn admit(&self, source: &ProjectSource, org: &OrgId, tenant: &TenantId) -> Result<(), SourceDenied> {
        self.evaluate(source, org)?;
        match source {
            ProjectSource::Snapshot { object_key, .. } if !snapshot::belongs_to(object_key, tenant) => {
                Err(SourceDenied::new(Code::ProjectSourceSnapshotTenant, "Project snapshot does not belong to this cloud tenant."))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
