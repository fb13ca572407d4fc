//! The session as a pure state machine: `decide` says what a command or a report of the runtime
//! changes, `commit` applies what the journal accepted.
//!
//! Commands come in two classes. Control (abort, permission, question) acts at once; prompts are
//! first in, first out, one running (architecture §3).

mod command;
mod decide;
mod open;
mod remote_approval;
mod state;

pub use command::{CommandKind, CommandRecord, CommandSource, CommandStatus, CommandWrite, Submission};
pub use decide::{decide, decide_artifact};
pub use open::open;
pub use remote_approval::remote_approval_denied;
pub use state::{RunningPrompt, SessionIdentity, SessionState, SessionStatus};

use crate::{
    audit::{AuditRow, UsageRow, WorkUsage},
    event::EventBody,
    ids::{CommandId, Sequence},
    runtime_event::{Answer, RuntimeEvent},
    timestamp::Timestamp,
};

/// A prompt is tried this often before its command fails (architecture §5).
pub const MAX_ATTEMPTS: u32 = 3;

/// What can happen to a session.
#[derive(Debug, Clone)]
pub enum SessionInput {
    /// A client's command.
    Submit(Box<Submission>),
    /// Reports of the running turn. Stale ones (another command or attempt) change nothing.
    Runtime {
        /// The prompt that runs.
        command: CommandId,
        /// Its attempt.
        attempt: u32,
        /// What it reported, oldest first.
        events: Vec<RuntimeEvent>,
    },
    /// The turn died without a last word (a panic, a killed node).
    TurnLost {
        /// The prompt that ran.
        command: CommandId,
        /// Its attempt.
        attempt: u32,
    },
    /// The session was just activated: interrupted work goes on, waiting work starts.
    Resume,
    /// The node is about to leave: the running turn stops here and the next owner resumes it.
    /// Planned moves don't count as attempts.
    Park,
}

/// Everything that one transaction writes for a session.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// New events, oldest first; their sequences follow the session's last one without a gap.
    pub events: Vec<(Timestamp, EventBody)>,
    /// New commands and new states of known ones.
    pub commands: Vec<CommandWrite>,
    /// What the work on commands used.
    pub work: Vec<WorkUsage>,
    /// What else was used.
    pub usage: Vec<UsageRow>,
    /// Audit rows.
    pub audit: Vec<AuditRow>,
}

impl Changes {
    /// Whether they say what the session works on.
    pub fn binds_project_source(&self) -> bool {
        self.events.iter().any(|(_, body)| matches!(body, EventBody::ProjectSourceBound { .. }))
    }

    /// Bytes of what is long in their events.
    pub fn text_length(&self) -> usize {
        self.events.iter().map(|(_, body)| body.text_length()).sum()
    }

    /// Nothing to write.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.commands.is_empty() && self.work.is_empty() && self.usage.is_empty() && self.audit.is_empty()
    }
}

/// What has to happen outside the session once its changes are durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Run this prompt.
    StartTurn {
        /// The prompt.
        command: CommandId,
        /// From 1.
        attempt: u32,
        /// What the user wrote.
        text: String,
        /// Which agent answers.
        agent: String,
        /// `provider/model`, if the prompt chose one.
        model: Option<String>,
    },
    /// Stop the turn of this prompt; it has no effect any more.
    StopTurn {
        /// The prompt.
        command: CommandId,
        /// Its attempt.
        attempt: u32,
    },
    /// Hand a person's answer to the turn of this prompt.
    Answer {
        /// The prompt.
        command: CommandId,
        /// Its attempt.
        attempt: u32,
        /// The answer.
        answer: Answer,
    },
}

/// What a decision tells the caller of a submitted command.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The record as enqueued: `pending`, no attempt (contract 01 §1.6).
    pub command: CommandRecord,
    /// Where the first event that carries this command's id stands, if the command acted at once.
    pub fence: Option<Sequence>,
}

/// The outcome of [`decide()`].
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// What to make durable, in one transaction.
    pub changes: Changes,
    /// What to do after that.
    pub effects: Vec<Effect>,
    /// What to tell the client; only for [`SessionInput::Submit`].
    pub receipt: Option<Receipt>,
}
