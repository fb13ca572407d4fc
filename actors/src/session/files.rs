//! The session's side of its files: which version the next checkpoint is, and when one is made without a turn.

use super::actor::SessionCore;
use crate::workspace::TurnFiles;
use cowork_store::CheckpointVersion;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::oneshot;

/// What a session knows of its files.
pub(super) struct SessionFiles {
    /// The folder of this node is the newest. Looked up before the first turn of an owner; from then on nobody else writes.
    is_here: Arc<AtomicBool>,
    /// Of the turn that ran last.
    version: Option<CheckpointVersion>,
    /// Resolves when the checkpoint of a stopped turn is over.
    being_kept: Option<oneshot::Receiver<()>>,
}

impl SessionFiles {
    pub(super) fn new(is_here: bool) -> Self {
        Self { is_here: Arc::new(AtomicBool::new(is_here)), version: None, being_kept: None }
    }
}

impl SessionCore {
    /// What a turn needs to find the session's files and to leave them behind.
    pub(super) fn files_for_turn(&mut self, attempt: u32) -> TurnFiles {
        let command = self.state.running.as_ref().map_or(self.state.command_count, |running| running.command.created_sequence);
        let version = CheckpointVersion { epoch: self.epoch, command, attempt };
        self.files.version = Some(version);
        let source = self.state.projection.project_source().cloned();
        TurnFiles { identity: self.identity.clone(), source, version, is_here: self.files.is_here.clone() }
    }

    /// Makes a checkpoint of what a stopped turn left, behind the actor's back: stopping is immediate.
    pub(super) fn keep_files(&mut self) {
        let Some(version) = self.files.version.filter(|_| self.files.is_here.load(Ordering::Acquire)) else { return };
        let Some(workspaces) = self.shared.workspaces.clone().filter(|workspaces| workspaces.can_keep(self.identity.session)) else {
            return;
        };
        let (done, kept) = oneshot::channel();
        self.files.being_kept = Some(kept);
        let identity = self.identity.clone();
        self.shared.tasks.spawn(async move {
            workspaces.checkpoint(&identity, version).await;
            done.send(()).ok();
        });
    }

    /// The next owner starts from the last checkpoint, so it has to be there before this one is gone. What was kept at the end of
    /// a turn is not kept again; what could not be kept then is tried once more.
    pub(super) fn keep_files_before_leaving(&mut self, ready: oneshot::Sender<()>) {
        if self.files.being_kept.is_none() {
            self.keep_files();
        }
        let Some(kept) = self.files.being_kept.take() else {
            ready.send(()).ok();
            return;
        };
        self.shared.tasks.spawn(async move {
            kept.await.ok();
            ready.send(()).ok();
        });
    }
}
