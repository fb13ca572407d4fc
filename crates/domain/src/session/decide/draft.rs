//! A decision in the making.

use super::open_work::OpenWork;
use crate::{
    event::EventBody,
    ids::{CommandId, Sequence},
    session::{
        Changes, CommandKind, CommandRecord, CommandStatus, CommandWrite, Decision, Effect, Receipt, SessionIdentity, SessionState,
        Submission,
    },
    timestamp::Timestamp,
};
use serde_json::{Value, json};

/// What `session.status` says while a prompt runs.
pub(super) const RUNNING: &str = "running";

pub(super) struct Draft<'s> {
    pub(super) state: &'s SessionState,
    /// Now, but never before the last event: clocks of two nodes may differ.
    pub(super) at: Timestamp,
    pub(super) changes: Changes,
    pub(super) effects: Vec<Effect>,
    receipt: Option<Receipt>,
}

impl<'s> Draft<'s> {
    pub(super) fn new(state: &'s SessionState, now: Timestamp) -> Self {
        let at = now.max(state.projection.updated_at());
        Self { state, at, changes: Changes::default(), effects: Vec::new(), receipt: None }
    }

    pub(super) fn into_decision(self) -> Decision {
        Decision { changes: self.changes, effects: self.effects, receipt: self.receipt }
    }

    pub(super) const fn identity(&self) -> &'s SessionIdentity {
        &self.state.identity
    }

    /// Adds an event and says where it will stand.
    pub(super) fn event(&mut self, body: EventBody) -> Sequence {
        self.changes.events.push((self.at, body.sanitised()));
        Sequence(self.state.last_sequence.0 + self.changes.events.len() as u64)
    }

    pub(super) fn status(&mut self, status_type: &str, reason: Option<String>) {
        self.event(EventBody::SessionStatus { status_type: status_type.to_owned(), reason, preserve_error: false });
    }

    /// The row of a command that just came in.
    pub(super) fn new_command(&self, submission: &Submission, status: CommandStatus) -> CommandWrite {
        CommandWrite {
            id: submission.id,
            kind: submission.kind.clone(),
            created_sequence: self.state.command_count + 1,
            created_at: self.at,
            status,
            attempt: 0,
            error: None,
            is_new: true,
        }
    }

    /// Starts the next attempt of a prompt, and says where its first event with its id stands.
    pub(super) fn start(&mut self, mut command: CommandWrite, reason: Option<String>) -> Option<Sequence> {
        let CommandKind::Prompt { text, agent, model } = command.kind.clone() else { return None };
        command.status = CommandStatus::Running;
        command.attempt += 1;
        let message_id = prompt_message_id(command.id);
        // A prompt that was parked has its message already; telling it twice would move it in time.
        let was_told = !command.is_new && self.state.projection.messages().iter().rev().any(|message| message.id == message_id);
        let reason = reason.or_else(|| was_told.then(|| "resumed after a planned move".to_owned()));
        self.status(RUNNING, reason);
        let fence = (!was_told).then(|| {
            self.event(EventBody::PromptSubmitted {
                command_id: Some(command.id),
                message_id: Some(message_id),
                text: text.clone(),
                agent: Some(agent.clone()),
                attachments: None,
                imported: false,
            })
        });
        self.used_claim(&command);
        self.used_start(&command);
        self.effects.push(Effect::StartTurn { command: command.id, attempt: command.attempt, text, agent, model });
        self.changes.commands.push(command);
        fence
    }

    /// The prompt that waits longest starts, if one waits.
    pub(super) fn start_next(&mut self) {
        if let Some(next) = self.state.queued.front() {
            self.start(CommandWrite { is_new: false, ..next.clone() }, None);
        }
    }

    /// The running prompt ends, well (`None`) or with a code and a sentence.
    pub(super) fn end(&mut self, command: &CommandWrite, error: Option<(String, String)>) {
        let status = if error.is_some() { CommandStatus::Failed } else { CommandStatus::Acked };
        self.used_worker(command, error.as_ref().map(|(code, _)| code.as_str()));
        self.changes.commands.push(CommandWrite { status, error, is_new: false, ..command.clone() });
    }

    /// Closes what a turn that is over left open. `why` is what people read in a tool's output.
    pub(super) fn close_open_work(&mut self, why: &str) {
        let mut open = OpenWork::of(&self.state.projection);
        for (_, body) in &self.changes.events {
            open.note(body);
        }
        for body in open.closing_events(why) {
            self.event(body);
        }
    }

    /// Takes back what a dead attempt had streamed; the next one says it anew.
    pub(super) fn take_back_streamed(&mut self, command: CommandId) {
        let own = format!("{command}:");
        let users = prompt_message_id(command);
        let streamed = self.state.projection.messages().iter().rev().take_while(|message| message.id != users);
        let streamed: Vec<_> = streamed.filter(|message| message.id.starts_with(&own) && !message.content.is_empty()).collect();
        for message in streamed.into_iter().rev() {
            self.event(EventBody::AssistantMessage {
                message_id: Some(message.id.clone()),
                content: String::new(),
                mode: crate::event::MessageMode::Replace,
                attachments: None,
                imported: false,
            });
        }
    }

    pub(super) fn receive(&mut self, command: &CommandWrite, fence: Option<Sequence>) {
        self.receipt = Some(Receipt { command: CommandRecord::as_enqueued(self.identity(), command), fence });
    }

    /// A command that is known and not done: nothing changes, its sender gets the same record again.
    pub(super) fn repeat_receipt(&mut self, id: CommandId) {
        let running = self.state.running.iter().map(|running| &running.command);
        let known = running.chain(&self.state.queued).find(|command| command.id == id);
        if let Some(command) = known {
            self.receive(command, None);
        }
    }
}

/// The id of the message that holds a prompt's text.
pub(super) fn prompt_message_id(command: CommandId) -> String {
    format!("{command}:user")
}

/// What every audit row about a command says.
pub(super) fn audit_metadata(command: CommandId, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let own = [("commandId", json!(command))];
    Value::Object(own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect())
}
