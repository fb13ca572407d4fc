//! See the module.

use super::OrgMsg;
use crate::{
    node::Shared,
    supervise::{ActorKind, Alive, Failure, Mail},
};
use cowork_domain::{admission::OrgLedger, ids::OrgId, session::CommandStatus, timestamp::Timestamp};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;

const HOUR_MILLIS: i64 = 3_600_000;

pub(crate) struct OrgActor;

pub(crate) struct OrgState {
    shared: Arc<Shared>,
    ledger: OrgLedger,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl Actor for OrgActor {
    type Msg = Mail<OrgMsg>;
    type State = OrgState;
    type Arguments = (OrgId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (id, shared): Self::Arguments) -> Result<OrgState, ActorProcessingErr> {
        let now = shared.clock.now();
        let hour = Timestamp::from_millis(now.as_millis().div_euclid(HOUR_MILLIS) * HOUR_MILLIS);
        let counts = shared.store.org_counts(&id, hour).await.map_err(Failure::from)?;
        let mut ledger = OrgLedger::new(shared.options.org_limits);
        let busy = counts.busy.into_iter().map(|(session, commands)| {
            let waiting =
                commands.into_iter().filter(|(_, status, _)| *status == CommandStatus::Pending || *status == CommandStatus::Running);
            (session, waiting.map(|(command, _, at)| (command, at)).collect())
        });
        ledger.recount(now, busy, counts.prompts_since);
        Ok(OrgState { alive: Alive::count(&shared, ActorKind::Org), shared, ledger })
    }

    async fn handle(&self, myself: ActorRef<Self::Msg>, mail: Self::Msg, state: &mut OrgState) -> Result<(), ActorProcessingErr> {
        let shared = state.shared.clone();
        let stats = shared.stats.of(ActorKind::Org);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        let now = shared.clock.now();
        match message {
            OrgMsg::AdmitPrompt { grant, session, reply } => drop(reply.send(state.ledger.admit_prompt(now, grant, session))),
            OrgMsg::AdmitSession { reply } => drop(reply.send(state.ledger.admit_session(now))),
            OrgMsg::Confirm { grant, session } => state.ledger.confirm(now, grant, session),
            OrgMsg::Cancel { grant } => state.ledger.cancel(grant),
            OrgMsg::Finished { session, command } => state.ledger.finished(session, command),
            OrgMsg::Passivate => {
                stats.passivated();
                myself.stop(Some("passivated".into()));
            }
        }
        stats.handled(started.elapsed());
        Ok(())
    }
}
