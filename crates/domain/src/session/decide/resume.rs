//! Interrupted work: a lost turn, an activation, a planned move.

use super::draft::Draft;
use crate::{
    codes::Code,
    event::EventBody,
    ids::CommandId,
    session::{CommandStatus, CommandWrite, Effect, MAX_ATTEMPTS},
};

const LOST: &str = "interrupted: the run that made this call is gone";
const MOVED: &str = "interrupted: the session is moving to another node";

impl Draft<'_> {
    pub(super) fn turn_lost(&mut self, command: CommandId, attempt: u32) {
        if let Some(running) = self.running(command, attempt) {
            self.try_again(&running);
        }
    }

    pub(super) fn resume(&mut self) {
        match &self.state.running {
            Some(running) => self.try_again(&running.command),
            None => self.start_next(),
        }
    }

    pub(super) fn park(&mut self) {
        let Some(running) = &self.state.running else { return };
        let command = &running.command;
        self.close_open_work(MOVED);
        self.take_back_streamed(command.id);
        self.status("idle", Some("moving to another node".to_owned()));
        self.effects.push(Effect::StopTurn { command: command.id, attempt: command.attempt });
        self.used_deferral(command);
        self.changes.commands.push(CommandWrite {
            status: CommandStatus::Pending,
            attempt: command.attempt.saturating_sub(1),
            is_new: false,
            ..command.clone()
        });
    }

    /// The running prompt, if it is this one and this attempt of it.
    pub(super) fn running(&self, command: CommandId, attempt: u32) -> Option<CommandWrite> {
        let running = self.state.running.as_ref().map(|running| &running.command)?;
        (running.id == command && running.attempt == attempt).then(|| running.clone())
    }

    fn try_again(&mut self, command: &CommandWrite) {
        self.close_open_work(LOST);
        if command.attempt >= MAX_ATTEMPTS {
            let code = Code::RuntimeAttemptsExhausted;
            let message = format!("The prompt was interrupted {MAX_ATTEMPTS} times and is given up.");
            self.fail(command, code.as_str().to_owned(), message);
            return;
        }
        self.take_back_streamed(command.id);
        self.used_deferral(command);
        let reason = format!("attempt {} of {MAX_ATTEMPTS}: the previous run was interrupted", command.attempt + 1);
        self.start(CommandWrite { is_new: false, ..command.clone() }, Some(reason));
    }

    /// The prompt ends with an error, and the next one starts.
    pub(super) fn fail(&mut self, command: &CommandWrite, code: String, message: String) {
        self.event(EventBody::RuntimeError {
            id: None,
            command_id: Some(command.id),
            message: Some(message.clone()),
            code: Some(code.clone()),
        });
        self.end(command, Some((code, message)));
        self.start_next();
    }
}
