//! Turns as a session's log tells them: one after the other, each begun by its prompt.

use super::evidence::{LoggedEvent, What};
use cowork_domain::ids::CommandId;
use std::collections::HashMap;

/// What became of a prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// What the agent had said in the end.
    pub(super) answer: String,
    /// Where it ended.
    pub(super) end: Option<u64>,
    /// It ended with an error.
    pub(super) failed: bool,
}

/// The turns of a log by their commands.
pub(super) fn turns(log: &[LoggedEvent]) -> HashMap<CommandId, Turn> {
    let mut turns: HashMap<CommandId, Turn> = HashMap::new();
    let mut running = None;
    for event in log {
        match &event.what {
            What::Prompt { command, .. } => {
                running = *command;
                running.map(|command| turns.entry(command).or_default());
            }
            What::Answer { message, content, append } => {
                // A message is named after its command: `{command}:{message}`.
                let command = message.split(':').next().and_then(|command| command.parse().ok());
                let Some(turn) = command.and_then(|command: CommandId| turns.get_mut(&command)) else { continue };
                if !append {
                    turn.answer.clear();
                }
                turn.answer.push_str(content);
            }
            What::Idle => {
                if let Some(turn) = running.take().and_then(|command| turns.get_mut(&command)) {
                    turn.end = Some(event.sequence);
                }
            }
            What::Error { command } => {
                // A prompt may be given up before its turn began.
                if let Some(command) = command.or(running) {
                    *turns.entry(command).or_default() = Turn { end: Some(event.sequence), failed: true, ..Turn::default() };
                }
                running = None;
            }
            What::Other => {}
        }
    }
    turns
}
