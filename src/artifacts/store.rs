//! Contents that come through this server.

use super::{Artifacts, disposition::presentation};
use bytes::Bytes;
use cowork_domain::ids::{OrgId, SessionId};
use cowork_objects::{Checksum, ObjectError, ObjectKey};
use cowork_store::{NewArtifactObject, Reservation, StoreError};
use std::time::Duration;

/// A content that is not stored by then never will be.
const WRITING: Duration = Duration::from_secs(15 * 60);
/// A stored content whose event isn't in the log by then was left by a crash.
pub(super) const PUBLISHING: Duration = Duration::from_secs(6 * 3600);

/// A content and what it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct NewContent<'a> {
    /// Whose quota it takes.
    pub(crate) org: &'a OrgId,
    /// Whose log it will be in.
    pub(crate) session: SessionId,
    /// Unique within the session.
    pub(crate) artifact: &'a str,
    /// For whoever fetches it straight from the store.
    pub(crate) filename: &'a str,
    /// As above.
    pub(crate) content_type: Option<&'a str>,
    /// The bytes.
    pub(crate) content: Bytes,
}

/// Why a content is not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreContentError {
    /// The organisation's bytes of this day are used up.
    #[error("Cloud artifact upload quota exceeded.")]
    Quota {
        /// Until the day ends.
        retry_after: Duration,
    },
    /// The session has an artifact of this name.
    #[error("the session has an artifact of this name")]
    Known,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl Artifacts {
    /// Stores a content. It is removed again unless the session's log publishes it within hours.
    pub(crate) async fn store(&self, new: NewContent<'_>) -> Result<Checksum, StoreContentError> {
        let NewContent { org, session, artifact, filename, content_type, content } = new;
        let checksum = Checksum::of(&content);
        let key = content_key(org, session, artifact, checksum);
        let reservation = NewArtifactObject {
            session,
            artifact: artifact.to_owned(),
            org: org.clone(),
            object_key: key.as_str().to_owned(),
            upload_key: None,
            size: content.len() as u64,
            sha256: checksum.to_string(),
            content_type: content_type.map(str::to_owned),
            metadata: None,
            lifetime: WRITING,
        };
        match self.0.store.reserve_artifact(&reservation, self.0.options.bytes_per_day).await? {
            Reservation::Made => {}
            Reservation::Known(_) => return Err(StoreContentError::Known),
            Reservation::QuotaExceeded { retry_after } => return Err(StoreContentError::Quota { retry_after }),
        }
        let written = self.write(org, session, artifact, &key, content, content_type, filename).await;
        if written.is_err() {
            // Whatever fails here is found again by the reservation's end.
            self.0.store.give_up_artifact(org, session, artifact).await.ok();
        }
        written.map(|()| checksum)
    }

    /// Gives a content up that no session's log publishes, and its bytes back.
    pub(crate) async fn give_up(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<(), StoreError> {
        self.0.store.give_up_artifact(org, session, artifact).await?;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one step of the function above, and nobody else's")]
    async fn write(
        &self,
        org: &OrgId,
        session: SessionId,
        artifact: &str,
        key: &ObjectKey,
        content: Bytes,
        content_type: Option<&str>,
        filename: &str,
    ) -> Result<(), StoreContentError> {
        self.0.objects.put(key, content, &presentation(content_type, filename)).await?;
        if self.0.store.artifact_stored(org, session, artifact, PUBLISHING).await? {
            return Ok(());
        }
        // It took longer than a reservation lives.
        Err(StoreContentError::Object(ObjectError::Slow(WRITING)))
    }
}

/// Where a content lies. The checksum in its name keeps one writing from replacing another's.
pub(super) fn content_key(org: &OrgId, session: SessionId, artifact: &str, checksum: Checksum) -> ObjectKey {
    ObjectKey::artifact(org, session, artifact, &checksum.to_string()[..32])
}
