//! Projects on their way into a workspace, on nodes that execute.

use super::{Credentials, Snapshots};
use cowork_actors::{NotFetched, ProjectFetcher, ProjectGround};
use cowork_domain::{
    codes::Code,
    event::ProjectSource,
    project_source::{GitUrl, ProjectSourceRules},
    session::SessionIdentity,
};
use cowork_objects::{Checksum, ObjectError, ObjectKey, ProjectDocument, UnpackProjectError, archive::ArchiveLimits};
use cowork_runtime::checkout::{Checkout, CheckoutError, Git};
use futures_util::future::BoxFuture;
use std::{path::PathBuf, time::Duration};
use tokio::sync::OnceCell;

/// Tries of what may pass, and the pause before the second; it doubles.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Fetches what sessions work on.
#[derive(Debug)]
pub struct Projects {
    snapshots: Snapshots,
    rules: ProjectSourceRules,
    credentials: Credentials,
    /// Signs certificates of repositories' hosts.
    authority: Option<PathBuf>,
    /// Looked for when it is first needed.
    git: OnceCell<Option<Git>>,
}

impl Projects {
    /// By these rules.
    pub fn new(snapshots: Snapshots, rules: ProjectSourceRules, credentials: Credentials, authority: Option<PathBuf>) -> Self {
        Self { snapshots, rules, credentials, authority, git: OnceCell::new() }
    }

    async fn unpack(&self, identity: &SessionIdentity, key: &str, ground: &ProjectGround) -> Result<(), NotFetched> {
        let content = self.read(identity, key).await?;
        let folder = ground.files();
        let unpacked = tokio::task::spawn_blocking(move || ProjectDocument::unpack(&content, &folder, &ArchiveLimits::default()));
        match unpacked.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(UnpackProjectError::Io(error))) => Err(later(&error)),
            Ok(Err(error)) => {
                tracing::error!(session = %identity.session, %error, "a project snapshot can't be unpacked");
                Err(damaged())
            }
            Err(_) => Err(later(&"the work was interrupted")),
        }
    }

    async fn read(&self, identity: &SessionIdentity, key: &str) -> Result<bytes::Bytes, NotFetched> {
        let mut pause = PAUSE;
        for tries in 1.. {
            let known = self.snapshots.hold(&identity.tenant, key).await.map_err(|error| later(&error))?.ok_or_else(unknown)?;
            let checksum: Checksum = known.sha256.parse().map_err(|_| damaged())?;
            match self.snapshots.0.objects.read(&ObjectKey::stored(key), checksum, known.size).await {
                Ok(content) => return Ok(content),
                Err(ObjectError::Damaged | ObjectError::TooLarge(_)) => return Err(damaged()),
                Err(ObjectError::Missing) => return Err(unknown()),
                Err(error) if tries >= TRIES => return Err(later(&error)),
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        Err(later(&"no try was left"))
    }

    async fn check_out(&self, source: &ProjectSource, ground: &ProjectGround) -> Result<(), NotFetched> {
        let ProjectSource::Git { repository_url, reference, subdirectory, credential_ref } = source else { return Err(unknown()) };
        let git = self.git.get_or_init(Git::find).await.as_ref().ok_or_else(|| not_checked_out(&CheckoutError::NoGit))?;
        let url = GitUrl::parse(repository_url)
            .map_err(|error| NotFetched { code: Code::ProjectSourceUrlInvalid, message: error.to_string() })?;
        let credential = match credential_ref {
            Some(reference) => Some(self.credentials.read(reference).await?),
            None => None,
        };
        let checkout = Checkout {
            url: &url,
            reference: reference.as_deref(),
            subdirectory: subdirectory.as_deref(),
            credential: credential.as_ref(),
            private_allowed: self.rules.git.allow_private_network,
            authority: self.authority.as_deref(),
            limits: self.rules.git.limits,
        };
        checkout.run(git, &ground.scratch(), &ground.files()).await.map_err(|error| not_checked_out(&error))
    }
}

impl ProjectFetcher for Projects {
    fn fetch<'a>(
        &'a self,
        identity: &'a SessionIdentity,
        source: &'a ProjectSource,
        ground: &'a ProjectGround,
    ) -> BoxFuture<'a, Result<(), NotFetched>> {
        Box::pin(async move {
            let admitted = self.rules.admit(source, &identity.org, &identity.tenant);
            admitted.map_err(|denied| NotFetched { code: denied.code, message: denied.reason })?;
            match source {
                ProjectSource::Git { .. } => self.check_out(source, ground).await,
                ProjectSource::Snapshot { object_key, .. } => self.unpack(identity, object_key, ground).await,
            }
        })
    }
}

fn not_checked_out(error: &CheckoutError) -> NotFetched {
    if let CheckoutError::Io(error) = error {
        tracing::error!(%error, "a repository can't be written to the disk");
    }
    NotFetched { code: error.code(), message: error.to_string() }
}

fn unknown() -> NotFetched {
    let message = "The project snapshot of this session isn't there any more. Upload it again and start another session.";
    NotFetched { code: Code::ProjectSourceSnapshotUnknown, message: message.to_owned() }
}

fn damaged() -> NotFetched {
    let message = "The project snapshot of this session isn't what was stored. Upload it again and start another session.";
    NotFetched { code: Code::ProjectSourceSnapshotDamaged, message: message.to_owned() }
}

fn later(error: &dyn std::fmt::Display) -> NotFetched {
    tracing::error!(%error, "the files of a project can't be fetched");
    let message = "The files of this session can't be reached at the moment. Send the prompt again later.";
    NotFetched { code: Code::WorkspaceUnavailable, message: message.to_owned() }
}
