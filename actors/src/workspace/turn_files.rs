//! A turn's hold on its session's files.

use super::workspaces::{Kept, RestoreError, Workspaces};
use cowork_domain::{event::ProjectSource, session::SessionIdentity};
use cowork_store::CheckpointVersion;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Which files a turn works on.
pub(crate) struct TurnFiles {
    pub(crate) identity: Arc<SessionIdentity>,
    /// What the session works on, if that is a project.
    pub(crate) source: Option<ProjectSource>,
    /// Of the checkpoint at its end.
    pub(crate) version: CheckpointVersion,
    /// The folder of this node is the newest.
    pub(crate) is_here: Arc<AtomicBool>,
}

impl TurnFiles {
    /// Brings the files here, once for each owner of the session.
    pub(crate) async fn fetch(&self, workspaces: Option<&Workspaces>) -> Result<(), RestoreError> {
        let Some(workspaces) = workspaces.filter(|_| !self.is_here.load(Ordering::Acquire)) else { return Ok(()) };
        let is_kept = workspaces.restore(&self.identity).await?;
        if let Some(source) = self.source.as_ref().filter(|_| !is_kept) {
            workspaces.begin_with(&self.identity, source).await?;
        }
        self.is_here.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether there is anything to keep.
    pub(crate) fn to_keep<'a>(&self, workspaces: Option<&'a Workspaces>) -> Option<&'a Workspaces> {
        workspaces.filter(|workspaces| workspaces.can_keep(self.identity.session))
    }

    /// Keeps them; returns what a person should know if that can't be.
    pub(crate) async fn keep(&self, workspaces: &Workspaces) -> Option<String> {
        match workspaces.checkpoint(&self.identity, self.version).await {
            Kept::Yes | Kept::Superseded => None,
            Kept::Refused(reason) => Some(format!("The files of this session stay on this node only: {reason}.")),
            Kept::Failed => Some("The files of this session could not be kept elsewhere; the next turn tries again.".to_owned()),
        }
    }
}
