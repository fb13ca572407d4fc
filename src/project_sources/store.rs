//! Uploads.

use super::Snapshots;
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget, UsageRow},
    event::ProjectSource,
    principal::Principal,
    timestamp::Timestamp,
};
use cowork_objects::{Checksum, ObjectError, ObjectKey, Presentation, ProjectDocument, ProjectFile};
use cowork_store::{DayQuota, NewProjectSnapshot, StoreError};
use serde_json::json;
use std::time::Duration;

/// A snapshot that is not stored by then never will be.
const WRITING: Duration = Duration::from_secs(15 * 60);
/// A snapshot that no session refers to by then is removed.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A project that was read and judged.
#[derive(Debug, Clone)]
pub(crate) struct NewSnapshot {
    /// Unique.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) title: Option<String>,
    /// The files.
    pub(crate) files: Vec<ProjectFile>,
    /// As the client counts them.
    pub(crate) file_count: u64,
    /// Bytes of the files.
    pub(crate) byte_count: u64,
    /// When.
    pub(crate) at: Timestamp,
}

/// Why a project is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreSnapshotError {
    /// The organisation's bytes of this day are used up.
    #[error("Cloud artifact upload quota exceeded.")]
    Quota {
        /// Until the day ends.
        retry_after: Duration,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl Snapshots {
    /// Stores a project, and returns how sessions refer to it. What fails on the way is removed later, and gives its bytes back.
    pub(crate) async fn store(&self, by: &Principal, new: NewSnapshot) -> Result<ProjectSource, StoreSnapshotError> {
        let NewSnapshot { id, title, files, file_count, byte_count, at } = new;
        let key = ObjectKey::project_snapshot(&by.tenant_id, &id);
        let content = ProjectDocument::new(id.clone(), title.clone(), at, files).to_bytes();
        let reservation = NewProjectSnapshot {
            object_key: key.as_str().to_owned(),
            tenant: by.tenant_id.clone(),
            org: by.org_id.clone(),
            size: content.len() as u64,
            sha256: Checksum::of(&content).to_string(),
            lifetime: WRITING,
        };
        if let DayQuota::UsedUp { retry_after } = self.0.store.reserve_project_snapshot(&reservation, self.0.options.bytes_per_day).await? {
            return Err(StoreSnapshotError::Quota { retry_after });
        }
        let presentation = Presentation { content_type: Some("application/json".to_owned()), disposition: None };
        self.0.objects.put(&key, content.into(), &presentation).await?;
        if !self.0.store.project_snapshot_stored(&by.tenant_id, key.as_str(), UNUSED).await? {
            // It took longer than a reservation lives.
            return Err(ObjectError::Slow(WRITING).into());
        }
        let told = json!({ "fileCount": file_count, "byteCount": byte_count });
        let used = json!({ "tenantId": by.tenant_id, "snapshotId": id });
        let stored = i64::try_from(reservation.size).unwrap_or(i64::MAX);
        let usage = UsageRow::bytes(&by.org_id, Some(&by.account_id), &id, "project_snapshot.uploaded", stored, used, at);
        let audit = AuditRow::by(by, &id, AuditAction::ProjectSnapshotUploaded, &AuditTarget::new("project_snapshot", &id), told, at);
        let usage = if self.0.options.records_usage { vec![usage] } else { Vec::new() };
        self.0.store.record_consumption(&usage, &[audit]).await?;
        let object_key = reservation.object_key;
        Ok(ProjectSource::Snapshot { snapshot_id: id, object_key, file_count, byte_count, title })
    }
}
