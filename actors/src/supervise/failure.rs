//! Why an actor stopped against its will, and what that means for it.

use std::error::Error;

/// What a supervisor does about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureClass {
    /// The entity does not exist; nothing to restart.
    Absent,
    /// This node doesn't own it any more; nothing to restart here.
    NotOwner,
    /// The surroundings are in trouble, not the entity: restart, don't count.
    Surroundings,
    /// The entity itself: restart with back-off, quarantine when it goes on.
    Fault,
    /// The entity itself, and a restart would fail in the same way: quarantine at once.
    Poisoned,
}

/// An actor's last word.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub(crate) struct Failure {
    pub(crate) class: FailureClass,
    /// Stable and dotted; shown to operators and, when quarantined, to clients.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Failure {
    pub(crate) fn new(class: FailureClass, code: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { class, code, detail: detail.to_string() }
    }

    /// What a supervision event says: our own failures as they are, everything else was a panic.
    pub(crate) fn of(error: &(dyn Error + Send + Sync + 'static)) -> (FailureClass, &'static str) {
        error.downcast_ref::<Self>().map_or((FailureClass::Fault, "actor.panicked"), |failure| (failure.class, failure.code))
    }
}

impl From<cowork_store::StoreError> for Failure {
    fn from(error: cowork_store::StoreError) -> Self {
        if error.is_transient() {
            Self::new(FailureClass::Surroundings, "store.unavailable", error)
        } else {
            Self::new(FailureClass::Fault, "store.inconsistent", error)
        }
    }
}
