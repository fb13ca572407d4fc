//! Results that stay good for a while, so that probes cannot be used to load what they look at.

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Remembers the last look. Askers that come while one looks share its result.
pub(in crate::http) struct Probe {
    fresh_for: Duration,
    last: Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

impl Probe {
    /// A look is believed for this long.
    pub(in crate::http) const fn new(fresh_for: Duration) -> Self {
        Self { fresh_for, last: Mutex::const_new(None) }
    }

    /// The last result if it is fresh, a new one otherwise.
    pub(super) async fn look<F>(&self, now: Instant, look: impl FnOnce() -> F) -> Result<(), &'static str>
    where
        F: Future<Output = Result<(), &'static str>>,
    {
        let mut last = self.last.lock().await;
        if let Some((at, result)) = *last
            && now.saturating_duration_since(at) < self.fresh_for
        {
            return result;
        }
        let result = look().await;
        *last = Some((now, result));
        result
    }
}

/// Whether files can be written, read and deleted where sessions keep theirs.
pub(in crate::http) struct FolderProbe {
    folder: PathBuf,
    probe: Probe,
}

impl FolderProbe {
    /// Looks at most every 30 seconds.
    pub(in crate::http) fn new(folder: PathBuf) -> Self {
        Self { folder, probe: Probe::new(Duration::from_secs(30)) }
    }

    pub(super) async fn look(&self, now: Instant) -> Result<(), &'static str> {
        self.probe.look(now, || write_and_read(&self.folder)).await
    }
}

async fn write_and_read(folder: &Path) -> Result<(), &'static str> {
    // One name per process, so that nodes that share a folder don't disturb each other.
    let file = folder.join(format!(".readiness-{}", std::process::id()));
    let content = b"ready";
    tokio::fs::write(&file, content).await.map_err(|_| "Cloud object store can't be written.")?;
    let read = tokio::fs::read(&file).await;
    let removed = tokio::fs::remove_file(&file).await;
    if read.is_ok_and(|bytes| bytes == content) && removed.is_ok() { Ok(()) } else { Err("Cloud object store can't be read back.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fresh_result_is_not_looked_up_again() {
        let probe = Probe::new(Duration::from_secs(30));
        let start = Instant::now();
        assert_eq!(probe.look(start, || async { Err("down") }).await, Err("down"));
        assert_eq!(probe.look(start + Duration::from_secs(29), || async { Ok(()) }).await, Err("down"));
        assert_eq!(probe.look(start + Duration::from_secs(30), || async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_noticed_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(write_and_read(folder.path()).await, Ok(()));
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
        assert!(write_and_read(&folder.path().join("gone")).await.is_err());
    }
}
