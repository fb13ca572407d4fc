//! What the database holds after a drill.

use cowork_domain::{
    ids::{CommandId, SessionId},
    session::CommandStatus,
};
use cowork_store::FenceViolation;
use std::collections::BTreeMap;

/// Everything that the judge needs to know of the database.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Evidence {
    /// The log of each promised session; an empty one if there is none.
    pub(super) sessions: BTreeMap<SessionId, Vec<LoggedEvent>>,
    /// The workspaces, in the order of the users.
    pub(super) workspaces: Vec<Vec<WorkspaceEvent>>,
    /// What became of each acknowledged command; those that don't exist are missing.
    pub(super) commands: BTreeMap<CommandId, CommandStatus>,
    /// Batches that were seen in the log although their incarnation had been declared dead.
    pub(super) fenced_writes: Vec<FenceViolation>,
}

/// An event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoggedEvent {
    pub(super) sequence: u64,
    pub(super) what: What,
}

/// What a session's event says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A prompt reached the agent.
    Prompt {
        command: Option<CommandId>,
        text: String,
    },
    /// A piece of an answer, or all of it.
    Answer {
        message: String,
        content: String,
        append: bool,
    },
    /// A turn ended in order.
    Idle,
    /// A turn ended with an error.
    Error {
        command: Option<CommandId>,
    },
    Other,
}

/// An event of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkspaceEvent {
    pub(super) sequence: u64,
    /// Of a session that begins with it.
    pub(super) created: Option<(SessionId, String)>,
}

impl Evidence {
    /// The last number of a session's log.
    pub(super) fn session_head(&self, session: SessionId) -> u64 {
        self.sessions.get(&session).and_then(|log| log.last()).map_or(0, |event| event.sequence)
    }

    /// The last number of a workspace.
    pub(super) fn workspace_head(&self, user: usize) -> u64 {
        self.workspaces.get(user).and_then(|log| log.last()).map_or(0, |event| event.sequence)
    }
}
