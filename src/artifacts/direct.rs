//! Contents that clients put into the store by themselves (contract 05 §1.3): reserved, put, checked and published.
//!
//! Whoever has the form, or the address, may put an object there again and again until its time is over, so what is published is never that
//! object: the checked bytes are written once more, under a name that none is for.

use super::{
    Artifacts,
    disposition::presentation,
    store::{PUBLISHING, content_key},
};
use cowork_domain::{
    artifact::{ArtifactDraft, MAX_ARTIFACT_BYTES},
    ids::{OrgId, SessionId},
    timestamp::Timestamp,
};
use cowork_objects::{Checksum, ObjectError, ObjectKey, Upload, UploadTerms};
use cowork_store::{ArtifactClaim, ArtifactObject, ArtifactState, NewArtifactObject, Reservation, StoreError};
use std::time::Duration;

/// How long a form or an address is good for.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A reservation outlives it by this.
const AFTERGLOW: Duration = Duration::from_secs(30);
/// How long one finalizing request may work on a reservation before another may.
const HOLD: Duration = Duration::from_secs(60);
/// What is uploaded without a type.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What a client says it will put there.
#[derive(Debug, Clone)]
pub(crate) struct DirectUpload {
    /// The id that it chose.
    pub(crate) artifact: String,
    /// What the artifact will be.
    pub(crate) draft: ArtifactDraft,
    /// Of the content.
    pub(crate) checksum: Checksum,
    /// Of the content.
    pub(crate) size: u64,
}

/// A reservation whose content was checked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Finalized {
    /// It is in the log already.
    Published,
    /// It is in hand, to be published.
    InHand(ArtifactClaim),
}

/// How far an upload is, for whoever gives it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadState {
    /// It is given up; its leftovers are removed next.
    CleanupPending,
    /// It was given up and removed.
    Cleaned,
    /// It is published.
    AlreadyFinalized,
    /// There is no such upload.
    NotFound,
}

impl UploadState {
    /// The word on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CleanupPending => "cleanup_pending",
            Self::Cleaned => "cleaned",
            Self::AlreadyFinalized => "already_finalized",
            Self::NotFound => "not_found",
        }
    }
}

/// Why an upload does not go on. The texts are the contract's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectError {
    #[error("Cloud artifact direct upload is not enabled.")]
    Off,
    #[error("Cloud artifact identity is already published.")]
    Published,
    #[error("Cloud artifact upload reservation is {0}.")]
    State(&'static str),
    #[error("Cloud artifact upload reservation is expired.")]
    Expired,
    #[error("Cloud artifact upload metadata does not match its reservation.")]
    Mismatch,
    #[error("Cloud artifact upload is not ready to finalize.")]
    NotReady,
    #[error("Cloud artifact upload reservation was not found.")]
    NotFound,
    #[error("Cloud artifact upload quota exceeded.")]
    Quota { retry_after: Duration },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl Artifacts {
    /// A way to upload one content. The same wish again gets one to the same place.
    pub(crate) async fn reserve(
        &self,
        org: &OrgId,
        session: SessionId,
        upload: &DirectUpload,
        now: Timestamp,
    ) -> Result<Upload, DirectError> {
        let upload_key = ObjectKey::upload(org, session, &upload.artifact);
        let new = NewArtifactObject {
            session,
            artifact: upload.artifact.clone(),
            org: org.clone(),
            object_key: content_key(org, session, &upload.artifact, upload.checksum).as_str().to_owned(),
            upload_key: Some(upload_key.as_str().to_owned()),
            size: upload.size,
            sha256: upload.checksum.to_string(),
            content_type: upload.draft.content_type.clone(),
            metadata: Some(metadata(&upload.draft)),
            lifetime: LIFETIME + AFTERGLOW,
        };
        let lifetime = match self.0.store.reserve_artifact(&new, self.0.options.bytes_per_day).await? {
            Reservation::Made => LIFETIME,
            Reservation::QuotaExceeded { retry_after } => return Err(DirectError::Quota { retry_after }),
            Reservation::Known(known) => {
                if known.published {
                    return Err(DirectError::Published);
                }
                if known.state != ArtifactState::Reserved || known.upload_key.is_none() {
                    return Err(DirectError::State(known.state.as_str()));
                }
                if !matches(&known, upload) {
                    return Err(DirectError::Mismatch);
                }
                let left = known.rest.saturating_sub(AFTERGLOW);
                if left < Duration::from_secs(1) {
                    return Err(DirectError::Expired);
                }
                left
            }
        };
        let content_type = upload.draft.content_type.clone().unwrap_or_else(|| UNKNOWN_TYPE.to_owned());
        let terms = UploadTerms { content_type, size: upload.size, lifetime };
        self.0.objects.upload(&upload_key, &terms, now).await?.ok_or(DirectError::Off)
    }

    /// Checks what was put there and takes it into keeping; the session's log publishes it next. An upload that can't become an
    /// artifact is given up for good.
    pub(crate) async fn finalize(&self, org: &OrgId, session: SessionId, upload: &DirectUpload) -> Result<Finalized, DirectError> {
        let artifact = &upload.artifact;
        let known = self.0.store.artifact_object(org, session, artifact).await?;
        let known = known.filter(|known| known.upload_key.is_some()).ok_or(DirectError::NotFound)?;
        if known.published {
            return if matches(&known, upload) { Ok(Finalized::Published) } else { Err(DirectError::Mismatch) };
        }
        match known.state {
            ArtifactState::CleanupPending | ArtifactState::Cleaned => return Err(DirectError::NotReady),
            ArtifactState::Reserved | ArtifactState::Stored if !matches(&known, upload) => {
                self.0.store.give_up_artifact(org, session, artifact).await?;
                return Err(DirectError::Mismatch);
            }
            ArtifactState::Reserved | ArtifactState::Stored => {}
        }
        let claim = self.0.store.claim_artifact(org, session, artifact, HOLD).await?.ok_or(DirectError::NotReady)?;
        if known.state == ArtifactState::Stored {
            return Ok(Finalized::InHand(claim));
        }
        let taken = self.take(org, session, &known, upload).await;
        if let Err(error) = &taken {
            self.0.store.release_artifact(org, session, artifact, claim).await?;
            if matches!(error, DirectError::NotReady) {
                self.0.store.give_up_artifact(org, session, artifact).await?;
            }
        }
        taken.map(|()| Finalized::InHand(claim))
    }

    /// The request that finalized is over; another one may go on where it stopped.
    pub(crate) async fn finalized(&self, org: &OrgId, session: SessionId, artifact: &str, claim: ArtifactClaim) -> Result<(), StoreError> {
        self.0.store.release_artifact(org, session, artifact, claim).await
    }

    /// Gives an upload up and its bytes back.
    pub(crate) async fn abort(&self, org: &OrgId, session: SessionId, artifact: &str) -> Result<UploadState, DirectError> {
        let Some(known) = self.0.store.artifact_object(org, session, artifact).await?.filter(|known| known.upload_key.is_some()) else {
            return Ok(UploadState::NotFound);
        };
        if known.published {
            return Ok(UploadState::AlreadyFinalized);
        }
        match known.state {
            ArtifactState::CleanupPending => Ok(UploadState::CleanupPending),
            ArtifactState::Cleaned => Ok(UploadState::Cleaned),
            ArtifactState::Reserved | ArtifactState::Stored => {
                if self.0.store.give_up_artifact(org, session, artifact).await? {
                    return Ok(UploadState::CleanupPending);
                }
                // Somebody finalizes it at this very moment.
                let now = self.0.store.artifact_object(org, session, artifact).await?;
                let is_published = now.is_some_and(|known| known.published);
                if is_published { Ok(UploadState::AlreadyFinalized) } else { Err(DirectError::State("finalizing")) }
            }
        }
    }

    async fn take(&self, org: &OrgId, session: SessionId, known: &ArtifactObject, upload: &DirectUpload) -> Result<(), DirectError> {
        let place = ObjectKey::stored(known.upload_key.clone().ok_or(DirectError::NotFound)?);
        let content = match self.0.objects.read_unchecked(&place, upload.size.min(MAX_ARTIFACT_BYTES)).await {
            Err(ObjectError::Missing | ObjectError::TooLarge(_)) => return Err(DirectError::NotReady),
            read => read?,
        };
        if content.len() as u64 != upload.size || Checksum::of(&content) != upload.checksum {
            return Err(DirectError::NotReady);
        }
        let shown = presentation(upload.draft.content_type.as_deref(), &upload.draft.filename);
        self.0.objects.put(&ObjectKey::stored(known.object_key.clone()), content, &shown).await?;
        if !self.0.store.artifact_stored(org, session, &upload.artifact, PUBLISHING).await? {
            return Err(DirectError::NotReady);
        }
        // It may be put there again until the form is over, so it is removed after that.
        self.0.store.discard_object(place.as_str()).await?;
        Ok(())
    }
}

fn metadata(draft: &ArtifactDraft) -> String {
    serde_json::to_string(draft).expect("texts and enums always serialise")
}

fn matches(known: &ArtifactObject, upload: &DirectUpload) -> bool {
    known.size == upload.size && known.sha256 == upload.checksum.to_string() && known.metadata.as_deref() == Some(&metadata(&upload.draft))
}
