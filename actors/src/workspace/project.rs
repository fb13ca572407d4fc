//! The files that a session begins with.

use super::{local, workspaces::RestoreError};
use cowork_domain::{codes::Code, event::ProjectSource, session::SessionIdentity};
use futures_util::future::BoxFuture;
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};
use tokio::sync::{OnceCell, Semaphore};

/// Beside the folders of sessions: no session is called like this.
const GROUNDS: &str = ".projects";
/// Projects that are fetched at the same time; a repository may take minutes.
const AT_ONCE: usize = 8;

/// Fetches projects. It knows where they lie and who may have them.
pub trait ProjectFetcher: std::fmt::Debug + Send + Sync {
    /// Puts a project's files into the ground, or says why not. Dropping the future ends the work.
    fn fetch<'a>(
        &'a self,
        identity: &'a SessionIdentity,
        source: &'a ProjectSource,
        ground: &'a ProjectGround,
    ) -> BoxFuture<'a, Result<(), NotFetched>>;
}

/// Why there are no files, in words for the person who waits for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct NotFetched {
    /// The stable code.
    pub code: Code,
    /// What to do.
    pub message: String,
}

impl NotFetched {
    /// Nobody here fetches anything.
    pub(super) fn nowhere() -> Self {
        Self { code: Code::ProjectSourceDenied, message: "This node can't fetch projects. Tell the operator.".to_owned() }
    }
}

/// Two empty folders on the disk of the workspaces, for one fetch. They are removed with whatever is left in them.
#[derive(Debug)]
pub struct ProjectGround {
    base: PathBuf,
}

impl ProjectGround {
    /// What becomes the workspace.
    pub fn files(&self) -> PathBuf {
        self.base.join("files")
    }

    /// For whatever else is needed meanwhile; nobody else can read it.
    pub fn scratch(&self) -> PathBuf {
        self.base.join("scratch")
    }

    fn make(base: PathBuf) -> io::Result<Self> {
        let ground = Self { base };
        for folder in [ground.files(), ground.scratch()] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        Ok(ground)
    }

    /// The files become a session's folder at once.
    fn settle(&self, place: &Path) -> io::Result<()> {
        use fs::Permissions;
        use std::os::unix::fs::PermissionsExt as _;

        fs::set_permissions(self.files(), Permissions::from_mode(0o755))?;
        fs::rename(self.files(), place)
    }
}

impl Drop for ProjectGround {
    fn drop(&mut self) {
        let base = std::mem::take(&mut self.base);
        let remove = move || match fs::remove_dir_all(&base) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!(%error, "what a fetched project left can't be removed"),
            _ => {}
        };
        // A repository may be many files; whoever gave the fetch up must not wait for that.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Where this node fetches projects.
pub(super) struct ProjectGrounds {
    workspaces: PathBuf,
    next: AtomicU64,
    at_once: Semaphore,
    swept: OnceCell<()>,
}

impl ProjectGrounds {
    pub(super) fn new(workspaces: &Path) -> Self {
        let at_once = Semaphore::new(AT_ONCE);
        Self { workspaces: workspaces.to_owned(), next: AtomicU64::new(0), at_once, swept: OnceCell::new() }
    }

    /// Fetches a project and makes its files a session's folder: all of them or none.
    pub(super) async fn bring(
        &self,
        fetcher: &dyn ProjectFetcher,
        identity: &SessionIdentity,
        source: &ProjectSource,
    ) -> Result<(), RestoreError> {
        let _permit = self.at_once.acquire().await.expect("the semaphore is never closed");
        let started = Instant::now();
        let kind = match source {
            ProjectSource::Git { .. } => "git",
            ProjectSource::Snapshot { .. } => "snapshot",
        };
        let brought = self.try_bring(fetcher, identity, source).await;
        let outcome = if brought.is_ok() { "fetched" } else { "refused" };
        metrics::counter!("cowork_project_fetches_total", "kind" => kind, "outcome" => outcome).increment(1);
        metrics::histogram!("cowork_project_fetch_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
        brought
    }

    async fn try_bring(
        &self,
        fetcher: &dyn ProjectFetcher,
        identity: &SessionIdentity,
        source: &ProjectSource,
    ) -> Result<(), RestoreError> {
        self.sweep().await;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let base = self.workspaces.join(GROUNDS).join(format!("{}-{number}", identity.session));
        let ground = blocking(move || ProjectGround::make(base)).await?;
        fetcher.fetch(identity, source, &ground).await?;
        let place = local::folder(&self.workspaces, identity.session);
        blocking(move || ground.settle(&place)).await?;
        tracing::info!(session = %identity.session, "a session begins with the files of its project");
        Ok(())
    }

    /// Removes what a killed process left, before anything is fetched.
    async fn sweep(&self) {
        self.swept
            .get_or_init(|| async {
                let grounds = self.workspaces.join(GROUNDS);
                blocking(move || fs::remove_dir_all(grounds)).await.ok();
            })
            .await;
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, RestoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| RestoreError::Interrupted)?.map_err(RestoreError::Disk)
}
