//! See the module.

use super::TurnMsg;
use crate::{
    node::Shared,
    session::SessionMsg,
    supervise::{ActorKind, Alive, Failure, FailureClass, Mail},
};
use cowork_domain::{ids::CommandId, runtime_event::RuntimeEvent};
use cowork_runtime::RunningTurn;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Reports that go into one append.
const REPORTS_AT_ONCE: usize = 64;

pub(crate) struct TurnActor;

pub(crate) struct TurnArguments {
    pub(crate) command: CommandId,
    pub(crate) attempt: u32,
    /// Ends with the actor.
    pub(crate) running: RunningTurn,
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
        let outcome = turn.arguments.carry_reports().await;
        metrics::histogram!("cowork_turn_seconds").record(started.elapsed().as_secs_f64());
        let outcome = outcome?;
        metrics::counter!("cowork_turn_ended_total", "outcome" => outcome).increment(1);
        myself.stop(None);
        Ok(())
    }
}

impl TurnArguments {
    /// Carries reports until one says that the turn is over.
    async fn carry_reports(&mut self) -> Result<&'static str, Failure> {
        loop {
            let mut events = Vec::new();
            if self.running.events.recv_many(&mut events, REPORTS_AT_ONCE).await == 0 {
                return Err(Failure::new(FailureClass::Fault, "turn.lost", "the runtime ended without a last word"));
            }
            let end = events.iter().find_map(|event| match event {
                RuntimeEvent::Finished => Some("finished"),
                RuntimeEvent::Failed { .. } => Some("failed"),
                _ => None,
            });
            let (durable, committed) = oneshot::channel();
            let report = SessionMsg::Report { command: self.command, attempt: self.attempt, events, durable };
            let gone = |_| Failure::new(FailureClass::NotOwner, "turn.orphaned", "the session is gone");
            self.session.cast(Mail::new(report)).map_err(|error| Failure::new(FailureClass::NotOwner, "turn.orphaned", error))?;
            committed.await.map_err(gone)?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }
}
