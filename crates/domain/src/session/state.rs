//! What a session remembers between messages.

use super::{Changes, CommandKind, CommandStatus, CommandWrite};
use crate::{
    event::{EventBody, SessionEvent},
    ids::{CommandId, OrgId, Sequence, SessionId, TenantId, UserId, WorkspaceId},
    principal::Principal,
    projection::Projection,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What never changes about a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionIdentity {
    /// Its id.
    pub session: SessionId,
    /// Owner, first half.
    pub tenant: TenantId,
    /// Owner, second half.
    pub user: UserId,
    /// Whose quotas apply.
    pub org: OrgId,
    /// The profile it was created with.
    pub profile_name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

impl SessionIdentity {
    /// Whether this person may know of the session at all (contract 01).
    pub fn belongs_to(&self, principal: &Principal) -> bool {
        self.tenant == principal.tenant_id && self.user == principal.user_id
    }

    /// The user's stream over all sessions.
    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::of(&self.tenant, &self.user)
    }
}

/// Status of the session record (contract 01 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// Nothing runs.
    #[default]
    Idle,
    /// A prompt runs.
    Running,
    /// Closed for good.
    Closed,
    /// The last prompt failed.
    Errored,
}

impl SessionStatus {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Closed => "closed",
            Self::Errored => "errored",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Idle, Self::Running, Self::Closed, Self::Errored].into_iter().find(|status| status.as_str() == name)
    }
}

/// The prompt whose turn runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningPrompt {
    /// Its row, as last written.
    pub command: CommandWrite,
}

/// A session's state: the fold of its log and of its unfinished commands.
#[derive(Debug, Clone)]
pub struct SessionState {
    /// What never changes.
    pub identity: SessionIdentity,
    /// Sequence of the last event.
    pub last_sequence: Sequence,
    /// The projection, whose status is also the record's.
    pub projection: Projection,
    /// How many commands the session ever had.
    pub command_count: u64,
    /// The prompt that runs.
    pub running: Option<RunningPrompt>,
    /// Prompts that wait, oldest first.
    pub queued: VecDeque<CommandWrite>,
}

impl SessionState {
    /// A session before its first event.
    pub fn new(identity: SessionIdentity) -> Self {
        let projection = Projection::new(identity.session, &identity.profile_name, identity.created_at);
        Self { identity, last_sequence: Sequence::ZERO, projection, command_count: 0, running: None, queued: VecDeque::new() }
    }

    /// Folds one event of the log. Sequences must follow each other (invariant I1).
    pub fn evolve(&mut self, event: &SessionEvent) {
        debug_assert_eq!(event.sequence, self.last_sequence.next(), "I1: sequences are dense");
        self.last_sequence = event.sequence;
        self.projection.apply(event);
    }

    /// Takes note of a command's row: as written by a decision, or as loaded on activation.
    pub fn note_command(&mut self, command: &CommandWrite) {
        self.command_count = self.command_count.max(command.created_sequence);
        if !matches!(command.kind, CommandKind::Prompt { .. }) {
            return;
        }
        self.queued.retain(|queued| queued.id != command.id);
        if self.running.as_ref().is_some_and(|running| running.command.id == command.id) {
            self.running = None;
        }
        match command.status {
            CommandStatus::Running => self.running = Some(RunningPrompt { command: command.clone() }),
            CommandStatus::Pending => {
                let place = self.queued.partition_point(|queued| queued.created_sequence < command.created_sequence);
                self.queued.insert(place, command.clone());
            }
            CommandStatus::Acked | CommandStatus::Failed => {}
        }
    }

    /// Applies what the journal accepted and returns the events at their places.
    pub fn commit(&mut self, changes: Changes) -> Vec<SessionEvent> {
        for command in &changes.commands {
            self.note_command(command);
        }
        let mut events = Vec::with_capacity(changes.events.len());
        for (at, body) in changes.events {
            let event = SessionEvent { sequence: self.last_sequence.next(), at, body };
            self.evolve(&event);
            events.push(event);
        }
        events
    }

    /// The events of `changes` at the places they will have, before the journal accepted them.
    pub fn numbered<'a>(&self, events: &'a [(Timestamp, EventBody)]) -> impl Iterator<Item = (Sequence, Timestamp, &'a EventBody)> {
        let first = self.last_sequence.0 + 1;
        events.iter().zip(first..).map(|((at, body), sequence)| (Sequence(sequence), *at, body))
    }

    /// Whether a prompt runs or waits.
    pub fn has_work(&self) -> bool {
        self.running.is_some() || !self.queued.is_empty()
    }

    /// Whether this command is known to be unfinished.
    pub fn knows_unfinished(&self, id: CommandId) -> bool {
        self.running.as_ref().is_some_and(|running| running.command.id == id) || self.queued.iter().any(|queued| queued.id == id)
    }
}
