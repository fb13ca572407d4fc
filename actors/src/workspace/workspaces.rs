//! Keeping and bringing back.

use super::{
    local::{self, Note},
    project::{NotFetched, ProjectFetcher, ProjectGrounds},
};
use cowork_domain::{event::ProjectSource, ids::SessionId, session::SessionIdentity};
use cowork_objects::{
    Checksum, ObjectError, ObjectKey, Objects, Presentation,
    archive::{ArchiveLimits, Fingerprint, PackError, Packed, UnpackError, pack},
};
use cowork_store::{CheckpointVersion, SavedCheckpoint, Store, StoreError, WorkspaceCheckpoint};
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Folders that are packed or unpacked at the same time: each may take as much memory as its archive.
const AT_ONCE: usize = 4;
/// Tries of what may pass, and the pause before the second; it doubles.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Where sessions keep their files, and where these are kept.
#[derive(Debug, Clone)]
pub struct WorkspaceOptions {
    /// The folder that holds one folder per session.
    pub folder: PathBuf,
    /// Where checkpoints go.
    pub objects: Objects,
    /// How much is kept of a session.
    pub limits: ArchiveLimits,
    /// Whether anything is kept; without it each owner of a session has files of its own.
    pub checkpoints: bool,
    /// What fetches the projects that sessions work on; without it such sessions can't be prompted.
    pub projects: Option<Arc<dyn ProjectFetcher>>,
}

/// The files of this node's sessions; clones are the same.
#[derive(Clone)]
pub(crate) struct Workspaces(Arc<Shared>);

struct Shared {
    options: WorkspaceOptions,
    store: Store,
    at_once: Semaphore,
    projects: ProjectGrounds,
}

/// What became of a wish to keep a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is kept as it is.
    Yes,
    /// Somebody who owns the session since kept a newer one.
    Superseded,
    /// It can't be kept; the text says why.
    Refused(String),
    /// It could not be kept now.
    Failed,
}

/// Why files can't be brought here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Archive(#[from] UnpackError),
    #[error("the checkpoint's checksum is malformed")]
    Checksum,
    #[error("{0}")]
    Project(#[from] NotFetched),
    #[error("the files of the project can't be put in their place: {0}")]
    Disk(#[from] io::Error),
    #[error("the work was interrupted")]
    Interrupted,
}

impl RestoreError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Object(error) => matches!(error, ObjectError::Slow(_) | ObjectError::Store(_)),
            // An object that was replaced while it was looked up is found under its successor's name.
            Self::Interrupted => true,
            Self::Archive(_) | Self::Checksum | Self::Project(_) | Self::Disk(_) => false,
        }
    }
}

/// Why a folder was not kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the work was interrupted")]
    Interrupted,
}

impl Workspaces {
    pub(crate) fn new(options: WorkspaceOptions, store: Store) -> Self {
        let projects = ProjectGrounds::new(&options.folder);
        Self(Arc::new(Shared { options, store, at_once: Semaphore::new(AT_ONCE), projects }))
    }

    /// Whether the session has a folder here. One look at the disk, quick enough to be done in place: most sessions have none, and
    /// for them this is all that their files ever cost.
    pub(crate) fn has_folder(&self, session: SessionId) -> bool {
        local::folder(&self.0.options.folder, session).is_dir()
    }

    /// Whether there is anything to keep, and a place to keep it.
    pub(crate) fn can_keep(&self, session: SessionId) -> bool {
        self.0.options.checkpoints && self.has_folder(session)
    }

    /// Gives a session that nothing is kept of the files of its project, unless it has them here already.
    pub(crate) async fn begin_with(&self, identity: &SessionIdentity, source: &ProjectSource) -> Result<(), RestoreError> {
        if self.has_folder(identity.session) {
            return Ok(());
        }
        let fetcher = self.0.options.projects.as_ref().ok_or_else(NotFetched::nowhere)?;
        self.0.projects.bring(fetcher.as_ref(), identity, source).await
    }

    /// Makes this node's folder the newest, if it isn't; returns whether anything is kept of the session.
    pub(crate) async fn restore(&self, identity: &SessionIdentity) -> Result<bool, RestoreError> {
        if !self.0.options.checkpoints {
            return Ok(false);
        }
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.try_restore(identity).await {
                Err(error) if error.may_pass() || matches!(error, RestoreError::Object(ObjectError::Missing)) => {
                    tracing::warn!(session = %identity.session, %error, "the files of a session can't be fetched yet");
                }
                done => return done,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.try_restore(identity).await
    }

    async fn try_restore(&self, identity: &SessionIdentity) -> Result<bool, RestoreError> {
        let session = identity.session;
        let Some(newest) = self.0.store.workspace_checkpoint(&identity.org, session).await? else { return Ok(false) };
        let has_it = self.has_folder(session)
            && self
                .in_folder(move |root, _| local::read_note(root, session))
                .await
                .flatten()
                .is_some_and(|note| note.version() >= newest.version);
        if has_it {
            return Ok(true);
        }
        let _permit = self.permit().await;
        let checksum: Checksum = newest.sha256.parse().map_err(|_| RestoreError::Checksum)?;
        let archive = self.0.options.objects.read(&ObjectKey::stored(newest.object_key), checksum, self.0.options.limits.packed).await?;
        let version = newest.version;
        self.in_folder(move |root, limits| local::replace(root, session, version, &archive, limits))
            .await
            .ok_or(RestoreError::Interrupted)?
            .inspect_err(|error| {
                metrics::counter!("cowork_workspace_restores_total", "outcome" => "refused").increment(1);
                tracing::error!(%session, %error, "a checkpoint can't be unpacked");
            })?;
        metrics::counter!("cowork_workspace_restores_total", "outcome" => "restored").increment(1);
        tracing::info!(%session, files = newest.files, "the files of a session came to this node");
        Ok(true)
    }

    /// Keeps a session's folder as this version, if it changed since it was kept last.
    pub(crate) async fn checkpoint(&self, identity: &SessionIdentity, version: CheckpointVersion) -> Kept {
        let started = std::time::Instant::now();
        let mut pause = PAUSE;
        let mut tries = 1;
        let kept = loop {
            match self.try_checkpoint(identity, version).await {
                Ok(None) => return Kept::Yes,
                Ok(Some(SavedCheckpoint::Newest)) => break Kept::Yes,
                Ok(Some(SavedCheckpoint::Superseded)) => break Kept::Superseded,
                Err(KeepError::Pack(error)) if !matches!(error, PackError::Io(_)) => {
                    tracing::warn!(session = %identity.session, %error, "the files of a session can't be kept");
                    break Kept::Refused(error.to_string());
                }
                Err(error) if tries == TRIES => {
                    tracing::error!(session = %identity.session, %error, "the files of a session were not kept");
                    break Kept::Failed;
                }
                Err(error) => tracing::warn!(session = %identity.session, %error, "the files of a session can't be kept yet"),
            }
            tries += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        };
        let outcome = match kept {
            Kept::Yes => "kept",
            Kept::Superseded => "superseded",
            Kept::Refused(_) => "refused",
            Kept::Failed => "failed",
        };
        metrics::counter!("cowork_workspace_checkpoints_total", "outcome" => outcome).increment(1);
        metrics::histogram!("cowork_workspace_checkpoint_seconds").record(started.elapsed().as_secs_f64());
        kept
    }

    /// `None` if nothing changed.
    async fn try_checkpoint(&self, identity: &SessionIdentity, version: CheckpointVersion) -> Result<Option<SavedCheckpoint>, KeepError> {
        let session = identity.session;
        let _permit = self.permit().await;
        let packing = self.in_folder(move |root, limits| -> Result<Option<(Packed, String)>, PackError> {
            let folder = match local::open(root, session) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            };
            // Looked at before it is packed: what changes in between makes the next look differ.
            let fingerprint = Fingerprint::of(&folder, limits)?.to_text();
            if local::read_note(root, session).is_some_and(|note| note.fingerprint == fingerprint) {
                return Ok(None);
            }
            Ok(Some((pack(&folder, limits)?, fingerprint)))
        });
        let Some((packed, fingerprint)) = packing.await.ok_or(KeepError::Interrupted)?? else { return Ok(None) };
        if packed.left_out > 0 {
            tracing::debug!(%session, left_out = packed.left_out, "links and special files are not kept");
        }
        let checksum = Checksum::of(&packed.archive).to_string();
        let name = format!("{}-{}-{}-{}", version.epoch.0, version.command, version.attempt, &checksum[..16]);
        let key = ObjectKey::workspace(&identity.org, session, &name);
        let size = packed.archive.len() as u64;
        let presentation = Presentation { content_type: Some("application/gzip".to_owned()), disposition: None };
        self.0.options.objects.put(&key, packed.archive.into(), &presentation).await?;
        let checkpoint = WorkspaceCheckpoint {
            session,
            org: identity.org.clone(),
            version,
            object_key: key.as_str().to_owned(),
            sha256: checksum,
            size,
            files: packed.files as u64,
        };
        let saved = self.0.store.save_workspace_checkpoint(&checkpoint).await?;
        if saved == SavedCheckpoint::Newest {
            let noted = self.in_folder(move |root, _| local::write_note(root, session, &Note::new(version, fingerprint))).await;
            // Without the note the same files are packed once more.
            if !matches!(noted, Some(Ok(()))) {
                tracing::warn!(%session, "it could not be noted that the files of a session were kept");
            }
        }
        Ok(Some(saved))
    }

    async fn permit(&self) -> tokio::sync::SemaphorePermit<'_> {
        self.0.at_once.acquire().await.expect("the semaphore is never closed")
    }

    /// Works on the disk, off the async threads; `None` if the work panicked.
    async fn in_folder<T: Send + 'static>(&self, work: impl FnOnce(&std::path::Path, &ArchiveLimits) -> T + Send + 'static) -> Option<T> {
        let shared = self.0.clone();
        tokio::task::spawn_blocking(move || work(&shared.options.folder, &shared.options.limits)).await.ok()
    }
}
