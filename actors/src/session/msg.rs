//! What a session is told and what it answers.

use crate::supervise::ActorKind;
use cowork_domain::{
    admission::Refusal,
    artifact::{ArtifactChange, ArtifactRefusal},
    artifact_list::ArtifactList,
    event::ArtifactRecord,
    ids::{CommandId, Sequence},
    project_source::SourceDenied,
    record::CloudSessionView,
    runtime_event::RuntimeEvent,
    session::{CommandRecord, SessionState, Submission},
    waiting::Waiting,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum SessionMsg {
    /// A client's command. The answer comes after its effect is durable; a prompt is refused if the deployment doesn't allow any more
    /// what the session works on.
    Submit { submission: Box<Submission>, reply: oneshot::Sender<Result<Submitted, SourceDenied>> },
    /// Reports of the running turn; answered once they are durable, so that a turn never runs ahead
    /// of the log.
    Report { command: CommandId, attempt: u32, events: Vec<RuntimeEvent>, durable: oneshot::Sender<()> },
    /// Something happened to an artifact; answered once it is durable.
    Artifact { change: ArtifactChange, reply: oneshot::Sender<Result<ArtifactRecord, ArtifactRefusal>> },
    /// The session as clients see it.
    Read { shape: ViewShape, reply: oneshot::Sender<String> },
    /// Rebuild the projection from the log; answers the sequence before.
    Repair { reply: oneshot::Sender<Sequence> },
    /// Stop if there is nothing to do.
    Passivate,
    /// The organisation goes on: start what waited for that.
    Released,
    /// The node leaves: interrupt the running turn, if it is one of these, so that the next owner resumes it.
    Park { which: Parking, parked: oneshot::Sender<()> },
    /// Fail on purpose, to see what supervision does.
    #[cfg(test)]
    Panic,
}

/// Which turns a leaving node interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parking {
    /// Those that wait for a person: whoever might answer finds the session at its next owner only.
    WaitingForPeople,
    /// All.
    Every,
}

/// Which envelope a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewShape {
    /// `{session, projection}`.
    Cloud,
    /// `{session, projection, view}`.
    WithView,
    /// `{artifacts}`.
    Artifacts,
    /// A list of [`Waiting`].
    Waiting,
}

impl ViewShape {
    /// The session in this envelope, as JSON.
    pub(crate) fn draw(self, state: &SessionState) -> String {
        match self {
            Self::Cloud => CloudSessionView::of(state).to_json(),
            Self::WithView => CloudSessionView::with_view(state).to_json(),
            Self::Artifacts => ArtifactList::of(state).to_json(),
            Self::Waiting => serde_json::to_string(&Waiting::of(state)).expect("texts have no fallible serialiser"),
        }
    }
}

/// A command that is durable.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The record as enqueued.
    pub command: CommandRecord,
    /// Whether it acted at once.
    pub processed: bool,
    /// Where the first event that carries its id stands.
    pub fence: Option<Sequence>,
    /// The session after the command, as `CloudSessionView` JSON.
    pub view: String,
}

/// Why a session did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum SessionError {
    /// No such session, or not the caller's.
    #[error("cloud session was not found")]
    NotFound,
    /// The organisation's limits.
    #[error("{0}")]
    Refused(Refusal),
    /// The deployment doesn't allow what the session works on.
    #[error("{0}")]
    SourceDenied(SourceDenied),
    /// The session failed too often.
    #[error("the session is quarantined after repeated failures ({code}); an operator can lift it")]
    Quarantined {
        /// Code of the last failure.
        code: Cow<'static, str>,
    },
    /// Something else that the request needs failed too often: the organisation, a channel binding, a provider key.
    #[error("the {} is quarantined after repeated failures ({code}); an operator can lift it", kind.as_str())]
    EntityQuarantined {
        /// What it is.
        kind: ActorKind,
        /// Code of the last failure.
        code: Cow<'static, str>,
    },
    /// The command id belongs to another session.
    #[error("the command id is in use")]
    CommandIdInUse,
    /// The owner could not be reached within the deadline.
    #[error("the session is not available at the moment")]
    Unavailable,
}

impl SessionError {
    /// The error as one of the entity that was asked: owners answer for their kind alike.
    pub(crate) fn of(self, kind: ActorKind) -> Self {
        match self {
            Self::Quarantined { code } if kind != ActorKind::Session => Self::EntityQuarantined { kind, code },
            other => other,
        }
    }
}
