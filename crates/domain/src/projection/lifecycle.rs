//! Folding what begins, ends or interrupts the work of a session.

use super::{ErrorEntry, Origin, OriginKind, Projection};
use crate::{
    event::ItemCounts,
    ids::{CommandId, Sequence},
    session::SessionStatus,
    timestamp::Timestamp,
};

/// What people read when a failure came without a sentence.
const NO_MESSAGE: &str = "Runtime command failed.";

impl Projection {
    pub(super) fn created(&mut self, title: Option<&str>) {
        if let Some(title) = title {
            title.clone_into(&mut self.title);
        }
        self.fresh();
    }

    pub(super) fn imported(&mut self, source_fingerprint: &str, imported_at: Timestamp, item_counts: ItemCounts) {
        self.origin = Some(Origin {
            kind: OriginKind::LocalSessionImport,
            source_fingerprint: source_fingerprint.to_owned(),
            imported_at,
            item_counts,
        });
        self.fresh();
    }

    fn fresh(&mut self) {
        self.status = SessionStatus::Idle;
        self.is_generating = false;
        self.last_error = None;
    }

    /// The agent works, and waits for nobody.
    pub(super) fn works(&mut self) {
        self.status = SessionStatus::Running;
        self.is_generating = true;
        self.last_error = None;
    }

    /// The agent waits for a person.
    pub(super) fn waits(&mut self) {
        self.status = SessionStatus::Running;
        self.is_generating = false;
    }

    pub(super) fn status_reported(&mut self, status_type: &str) {
        match status_type {
            "busy" | "running" => self.status = SessionStatus::Running,
            "idle" if self.status != SessionStatus::Errored => self.status = SessionStatus::Idle,
            _ => {}
        }
        self.is_generating = self.status == SessionStatus::Running;
    }

    pub(super) fn idle(&mut self) {
        if self.status != SessionStatus::Errored {
            self.status = SessionStatus::Idle;
        }
        self.is_generating = false;
    }

    pub(super) fn aborted(&mut self) {
        self.status = SessionStatus::Idle;
        self.is_generating = false;
    }

    pub(super) fn runtime_error(&mut self, id: Option<&str>, command: Option<CommandId>, message: Option<&str>, sequence: Sequence) {
        let message = message.filter(|message| !message.is_empty()).unwrap_or(NO_MESSAGE);
        self.status = SessionStatus::Errored;
        self.is_generating = false;
        self.last_error = Some(message.to_owned());
        let id = id
            .map(str::to_owned)
            .or_else(|| command.map(|command| command.to_string()))
            .unwrap_or_else(|| format!("{}:error:{sequence}", self.session_id));
        match self.errors.iter_mut().rev().find(|entry| entry.id == id) {
            Some(entry) => message.clone_into(&mut entry.message),
            None => {
                self.errors.push(ErrorEntry { id, session_id: self.session_id, message: message.to_owned(), order: sequence });
            }
        }
    }
}
