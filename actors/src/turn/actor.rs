//! See the module.

use super::TurnMsg;
use crate::{
    node::Shared,
    session::SessionMsg,
    supervise::{ActorKind, Alive, Failure, FailureClass, Mail},
    workspace::{NotFetched, RestoreError, TurnFiles},
};
use cowork_domain::{codes::Code, runtime_event::RuntimeEvent};
use cowork_runtime::{AnswerPort, RunningTurn, TurnRequest};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

/// Reports that go into one append.
const REPORTS_AT_ONCE: usize = 64;

pub(crate) struct TurnActor;

pub(crate) struct TurnArguments {
    /// What is to be done.
    pub(crate) request: TurnRequest,
    /// Where the session's files are.
    pub(crate) files: TurnFiles,
    /// Where the session finds the way to answer the runtime.
    pub(crate) answers: Arc<OnceLock<AnswerPort>>,
    pub(crate) session: ActorRef<Mail<SessionMsg>>,
    pub(crate) shared: Arc<Shared>,
}

/// What a turn actor owns.
pub(crate) struct Turn {
    arguments: TurnArguments,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl Actor for TurnActor {
    type Msg = TurnMsg;
    type State = Turn;
    type Arguments = TurnArguments;

    async fn pre_start(&self, myself: ActorRef<TurnMsg>, arguments: TurnArguments) -> Result<Turn, ActorProcessingErr> {
        myself.cast(TurnMsg::Run)?;
        Ok(Turn { alive: Alive::count(&arguments.shared, ActorKind::Turn), arguments })
    }

    async fn handle(&self, myself: ActorRef<TurnMsg>, _: TurnMsg, turn: &mut Turn) -> Result<(), ActorProcessingErr> {
        let started = turn.arguments.shared.clock.instant();
        let outcome = Box::pin(turn.arguments.run()).await;
        metrics::histogram!("cowork_turn_seconds").record(started.elapsed().as_secs_f64());
        let outcome = outcome?;
        metrics::counter!("cowork_turn_ended_total", "outcome" => outcome).increment(1);
        myself.stop(None);
        Ok(())
    }
}

impl TurnArguments {
    /// Brings the session's files here, then lets the runtime work. A turn that can't have its files doesn't start: what it left
    /// would replace them.
    async fn run(&mut self) -> Result<&'static str, Failure> {
        if let Err(error) = self.files.fetch(self.shared.workspaces.as_ref()).await {
            let (code, message) = match error {
                RestoreError::Project(NotFetched { code, message }) => {
                    tracing::warn!(session = %self.request.session, code = code.as_str(), "the project of a session can't be fetched");
                    (code, message)
                }
                error => {
                    tracing::error!(session = %self.request.session, %error, "the files of a session can't be brought to this node");
                    let message = "The files of this session can't be reached at the moment. Send the prompt again later.".to_owned();
                    (Code::WorkspaceUnavailable, message)
                }
            };
            self.report(vec![RuntimeEvent::Failed { code: code.as_str().to_owned(), message }]).await?;
            return Ok("failed");
        }
        // The conversation goes to the runtime; nobody else needs it.
        let history = std::mem::take(&mut self.request.history);
        let running = self.shared.runtime.start(TurnRequest { history, ..self.request.clone() });
        self.answers.set(running.answers.clone()).ok();
        self.carry_reports(running).await
    }

    /// Carries reports until one says that the turn is over. The files are kept before anybody hears of that.
    async fn carry_reports(&self, mut running: RunningTurn) -> Result<&'static str, Failure> {
        loop {
            let mut events = Vec::new();
            if running.events.recv_many(&mut events, REPORTS_AT_ONCE).await == 0 {
                return Err(Failure::new(FailureClass::Fault, "turn.lost", "the runtime ended without a last word"));
            }
            let end = events.iter().enumerate().find_map(|(place, event)| match event {
                RuntimeEvent::Finished => Some((place, "finished")),
                RuntimeEvent::Failed { .. } => Some((place, "failed")),
                _ => None,
            });
            if let Some((place, end)) = end {
                if let Some(workspaces) = self.files.to_keep(self.shared.workspaces.as_ref()) {
                    let rest = events.split_off(place);
                    if !events.is_empty() {
                        self.report(events).await?;
                    }
                    let notice = self.files.keep(workspaces).await.map(|text| RuntimeEvent::Notice { text });
                    events = notice.into_iter().chain(rest).collect();
                }
                self.report(events).await?;
                return Ok(end);
            }
            self.report(events).await?;
        }
    }

    /// Waits until the reports are durable.
    async fn report(&self, events: Vec<RuntimeEvent>) -> Result<(), Failure> {
        let (durable, committed) = oneshot::channel();
        let report = SessionMsg::Report { command: self.request.command, attempt: self.request.attempt, events, durable };
        let gone = |_| Failure::new(FailureClass::NotOwner, "turn.orphaned", "the session is gone");
        self.session.cast(Mail::new(report)).map_err(|error| Failure::new(FailureClass::NotOwner, "turn.orphaned", error))?;
        committed.await.map_err(gone)
    }
}
