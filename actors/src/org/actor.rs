//! See the module.

use super::{OrgMsg, OrgNews};
use crate::{
    node::Shared,
    supervise::{ActorKind, Alive, Failure, Mail},
};
use cowork_domain::{
    admission::{OrgLedger, Refusal},
    ids::OrgId,
    session::CommandStatus,
    timestamp::Timestamp,
};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const HOUR_MILLIS: i64 = 3_600_000;
/// A change of the plan counts after this time at the latest.
const PLAN_FRESH: Duration = Duration::from_secs(1);
/// A refusal may rest on a count of this age.
const COUNT_FRESH: Duration = Duration::from_secs(2);

pub(crate) struct OrgActor;

pub(crate) struct OrgState {
    id: OrgId,
    shared: Arc<Shared>,
    ledger: OrgLedger,
    counted: Instant,
    /// When the plan's limits were looked at.
    plan_known: Option<Instant>,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl Actor for OrgActor {
    type Msg = Mail<OrgMsg>;
    type State = OrgState;
    type Arguments = (OrgId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (id, shared): Self::Arguments) -> Result<OrgState, ActorProcessingErr> {
        let (ledger, counted) = (OrgLedger::new(shared.options.org_limits), shared.clock.instant());
        let mut state = OrgState { id, alive: Alive::count(&shared, ActorKind::Org), shared, ledger, counted, plan_known: None };
        state.count().await?;
        Ok(state)
    }

    async fn handle(&self, myself: ActorRef<Self::Msg>, mail: Self::Msg, state: &mut OrgState) -> Result<(), ActorProcessingErr> {
        let shared = state.shared.clone();
        let stats = shared.stats.of(ActorKind::Org);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        match message {
            OrgMsg::AdmitPrompt { grant, session, reply } => {
                let admitted = state.admit(|ledger, now| ledger.admit_prompt(now, grant, session)).await?;
                reply.send(admitted).ok();
            }
            OrgMsg::AdmitSession { reply } => {
                let admitted = state.admit(OrgLedger::admit_session).await?;
                reply.send(admitted).ok();
            }
            OrgMsg::News(news) => state.hear(news),
            OrgMsg::Passivate => {
                stats.passivated();
                myself.stop(Some("passivated".into()));
            }
        }
        stats.handled(started.elapsed());
        Ok(())
    }
}

impl OrgState {
    async fn admit(
        &mut self,
        mut ask: impl FnMut(&mut OrgLedger, Timestamp) -> Result<(), Refusal>,
    ) -> Result<Result<(), Refusal>, Failure> {
        if self.ledger.is_doubtful() {
            Box::pin(self.count()).await?;
        }
        self.look_at_plan().await?;
        let admitted = ask(&mut self.ledger, self.shared.clock.now());
        if admitted.is_ok() || self.counted.elapsed() < COUNT_FRESH {
            return Ok(admitted);
        }
        self.count().await?;
        Ok(ask(&mut self.ledger, self.shared.clock.now()))
    }

    /// The limits of the plan, which may have changed: looked at now and then, and only where somebody bills.
    async fn look_at_plan(&mut self) -> Result<(), Failure> {
        let Some(rules) = self.shared.options.billing.as_ref().filter(|rules| rules.enforces_limits) else { return Ok(()) };
        let now = self.shared.clock.instant();
        if self.plan_known.is_some_and(|at| now.saturating_duration_since(at) < PLAN_FRESH) {
            return Ok(());
        }
        let subscription = Box::pin(self.shared.store.subscription(&self.id)).await.map_err(Failure::from)?;
        let paid = subscription.filter(|found| found.terms.provider == rules.provider && found.terms.status.is_active());
        let configured = self.shared.options.org_limits;
        let limits = paid.map_or(configured, |paid| paid.terms.entitlements(&rules.plans).limits.over_admission(configured));
        self.ledger.set_limits(limits);
        self.plan_known = Some(now);
        Ok(())
    }

    fn hear(&mut self, news: OrgNews) {
        match news {
            OrgNews::Confirm { grant, session } => self.ledger.confirm(self.shared.clock.now(), grant, session),
            OrgNews::Cancel { grant } => self.ledger.cancel(grant),
            OrgNews::Finished { session, command } => self.ledger.finished(session, command),
        }
    }

    async fn count(&mut self) -> Result<(), Failure> {
        let now = self.shared.clock.now();
        let hour = Timestamp::from_millis(now.as_millis().div_euclid(HOUR_MILLIS) * HOUR_MILLIS);
        let counts = self.shared.store.org_counts(&self.id, hour).await.map_err(Failure::from)?;
        let busy = counts.busy.into_iter().map(|(session, commands)| {
            let waiting =
                commands.into_iter().filter(|(_, status, _)| *status == CommandStatus::Pending || *status == CommandStatus::Running);
            (session, waiting.map(|(command, _, at)| (command, at)).collect())
        });
        self.ledger.recount(now, busy, counts.prompts_since);
        self.counted = self.shared.clock.instant();
        Ok(())
    }
}
