//! The session's side of its running turn: starting it, answering it, stopping it, outliving it.

use super::actor::SessionCore;
use crate::{
    session::SessionMsg,
    supervise::{ActorKind, Failure, Mail},
    turn::{TurnActor, TurnArguments, TurnMsg},
};
use cowork_domain::{
    ids::CommandId,
    projection::MessageRole,
    session::{Effect, SessionInput},
};
use cowork_runtime::{AnswerPort, HistoryMessage, HistoryRole, TurnRequest};
use ractor::{Actor, ActorCell, ActorRef};
use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Messages of the conversation that a turn gets to see; runtimes cut further by their own measure.
const HISTORY_MESSAGES: usize = 200;

/// Between two looks of a held session whether its organisation goes on.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// The child that runs.
pub(super) struct LiveTurn {
    command: CommandId,
    attempt: u32,
    actor: ActorRef<TurnMsg>,
    /// There once the runtime has started; before that nothing can be asked.
    answers: Arc<OnceLock<AnswerPort>>,
}

/// A turn that waits because its organisation is on hold. To the log it runs: whoever takes the session over finds it there.
pub(super) struct HeldTurn {
    command: CommandId,
    attempt: u32,
    text: String,
    agent: String,
    model: Option<String>,
}

impl SessionCore {
    pub(super) async fn act(&mut self, effect: Effect) {
        match effect {
            Effect::StartTurn { command, attempt, text, agent, model } => {
                self.held = Some(HeldTurn { command, attempt, text, agent, model });
                self.released().await;
            }
            Effect::StopTurn { command, attempt } => self.stop_turn(command, attempt),
            Effect::Answer { command, attempt, answer } => {
                let turn = self.turn.as_ref().filter(|turn| (turn.command, turn.attempt) == (command, attempt));
                if let Some(port) = turn.and_then(|turn| turn.answers.get()) {
                    port.answer(answer);
                }
            }
        }
    }

    pub(super) fn waits_for_a_person(&self) -> bool {
        self.turn.as_ref().and_then(|turn| turn.answers.get()).is_some_and(AnswerPort::is_waiting)
    }

    /// Starts what waits, unless the organisation is on hold.
    pub(super) async fn released(&mut self) {
        if self.held.is_some() && self.shared.holds.holds(&self.identity.org) {
            // Whoever ends the hold tells every session that he finds; one that was just starting looks for itself.
            self.myself.send_after(LOOK_AGAIN, || Mail::new(SessionMsg::Released));
            return;
        }
        if let Some(turn) = self.held.take() {
            self.start_turn(turn).await;
        }
    }

    async fn start_turn(&mut self, HeldTurn { command, attempt, text, agent, model }: HeldTurn) {
        let request = TurnRequest {
            session: self.identity.session,
            org: self.identity.org.clone(),
            command,
            attempt,
            text,
            agent,
            model,
            history: self.history_before(command),
        };
        let answers = Arc::new(OnceLock::new());
        let files = self.files_for_turn(attempt);
        let arguments =
            TurnArguments { request, files, answers: answers.clone(), session: self.myself.clone(), shared: self.shared.clone() };
        match Actor::spawn_linked(None, TurnActor, arguments, self.myself.get_cell()).await {
            Ok((actor, _)) => self.turn = Some(LiveTurn { command, attempt, actor, answers }),
            // The prompt stays `running` in the log; the session starts again and resumes it.
            Err(error) => {
                tracing::error!(session = %self.identity.session, %error, "a turn could not be started");
                self.myself.kill();
            }
        }
    }

    fn stop_turn(&mut self, command: CommandId, attempt: u32) {
        self.held.take_if(|turn| (turn.command, turn.attempt) == (command, attempt));
        if let Some(turn) = self.turn.take_if(|turn| (turn.command, turn.attempt) == (command, attempt)) {
            turn.actor.kill();
            self.keep_files();
        }
    }

    /// A turn that died is a retry; one that nobody knows any more was stopped on purpose.
    pub(super) async fn turn_failed(&mut self, cell: &ActorCell, error: &(dyn Error + Send + Sync + 'static)) -> Result<(), Failure> {
        let (_, code) = Failure::of(error);
        self.shared.stats.of(ActorKind::Turn).failed(code);
        tracing::warn!(session = %self.identity.session, code, %error, "a turn failed");
        self.turn_gone(cell).await
    }

    /// A turn ends by itself after its last report; if that report never came, it is lost.
    pub(super) async fn turn_ended(&mut self, cell: &ActorCell) -> Result<(), Failure> {
        self.turn_gone(cell).await
    }

    async fn turn_gone(&mut self, cell: &ActorCell) -> Result<(), Failure> {
        let Some(turn) = self.turn.take_if(|turn| turn.actor.get_id() == cell.get_id()) else { return Ok(()) };
        let LiveTurn { command, attempt, .. } = turn;
        self.decide_and_apply(SessionInput::TurnLost { command, attempt }).await?;
        Ok(())
    }

    /// The conversation before this prompt, newest last.
    fn history_before(&self, command: CommandId) -> Vec<HistoryMessage> {
        let own = format!("{command}:user");
        let messages = self.state.projection.messages();
        let before = messages.iter().position(|message| message.id == own).map_or(messages, |end| &messages[..end]);
        let spoken = before.iter().filter(|message| !message.content.is_empty() && message.role != MessageRole::System);
        let mut history: Vec<HistoryMessage> = spoken
            .rev()
            .take(HISTORY_MESSAGES)
            .map(|message| HistoryMessage {
                role: if message.role == MessageRole::User { HistoryRole::User } else { HistoryRole::Assistant },
                content: message.content.clone(),
            })
            .collect();
        history.reverse();
        history
    }
}
