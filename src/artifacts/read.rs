//! Getting contents out again.

use super::{Artifacts, disposition::presentation};
use bytes::Bytes;
use cowork_domain::{
    artifact::MAX_ARTIFACT_BYTES,
    event::ArtifactRecord,
    ids::{OrgId, SessionId},
    timestamp::Timestamp,
};
use cowork_objects::{Checksum, ObjectError, ObjectKey};
use cowork_store::{ArtifactObject, StoreError};
use std::time::Duration;

/// How long an address is good for: a browser follows it at once.
const ADDRESS_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Why there is no content.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It was never kept here: an artifact of an imported session, or of a time before contents were.
    #[error("the content of this artifact is not kept")]
    NotKept,
    /// It isn't what was stored.
    #[error("the content of this artifact is damaged")]
    Damaged,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store.
    #[error(transparent)]
    Object(ObjectError),
}

impl From<ObjectError> for ReadError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Missing | ObjectError::Damaged | ObjectError::TooLarge(_) => Self::Damaged,
            other => Self::Object(other),
        }
    }
}

impl Artifacts {
    /// A published content, whole and verified.
    pub(crate) async fn content(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<(ArtifactObject, Bytes), ReadError> {
        let object = self.published(org, session, artifact).await?;
        let checksum: Checksum = object.sha256.parse().map_err(|_| ReadError::Damaged)?;
        let key = ObjectKey::stored(object.object_key.clone());
        let content = self.0.objects.read(&key, checksum, MAX_ARTIFACT_BYTES).await.inspect_err(|error| {
            tracing::error!(%session, artifact, %error, "the content of an artifact can't be read");
        })?;
        Ok((object, content))
    }

    /// An address by which anybody can fetch a content for some minutes, and until when; `None` where the store can't give one.
    pub(crate) async fn address(
        &self,
        org: &OrgId,
        session: SessionId,
        record: &ArtifactRecord,
        now: Timestamp,
    ) -> Result<Option<(String, Timestamp)>, ReadError> {
        if !self.0.objects.can_sign() {
            return Ok(None);
        }
        let object = self.published(org, session, &record.artifact_id).await?;
        let shown = presentation(record.mime.as_deref(), &record.filename);
        let url = self.0.objects.download_url(&ObjectKey::stored(object.object_key), &shown, ADDRESS_LIFETIME).await?;
        let expires_at = now.plus_millis(i64::try_from(ADDRESS_LIFETIME.as_millis()).unwrap_or(0));
        Ok(url.map(|url| (url, expires_at)))
    }

    async fn published(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<ArtifactObject, ReadError> {
        let object = self.0.store.artifact_object(org, session, artifact).await?;
        object.filter(|object| object.published).ok_or(ReadError::NotKept)
    }
}
