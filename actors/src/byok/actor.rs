//! See the module.

use super::{ByokMsg, KeyChecks};
use crate::{
    node::Shared,
    supervise::{ActorKind, Alive, Failure, Mail},
};
use cowork_domain::{
    byok::{Outcome, Verdict},
    ids::SecretId,
};
use cowork_store::BegunCheck;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::Arc;

pub(crate) struct ByokActor;

pub(crate) struct ByokState {
    secret: SecretId,
    shared: Arc<Shared>,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl Actor for ByokActor {
    type Msg = Mail<ByokMsg>;
    type State = ByokState;
    type Arguments = (SecretId, Arc<Shared>);

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (secret, shared): Self::Arguments) -> Result<ByokState, ActorProcessingErr> {
        Ok(ByokState { secret, alive: Alive::count(&shared, ActorKind::Byok), shared })
    }

    /// The mailbox waits while a check runs: that is what makes it one at a time.
    async fn handle(&self, myself: ActorRef<Self::Msg>, mail: Self::Msg, state: &mut ByokState) -> Result<(), ActorProcessingErr> {
        let shared = state.shared.clone();
        let stats = shared.stats.of(ActorKind::Byok);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        match message {
            ByokMsg::Check { reply } => {
                Box::pin(state.check()).await?;
                reply.send(()).ok();
            }
            ByokMsg::Passivate => {
                stats.passivated();
                myself.stop(Some("passivated".into()));
            }
        }
        stats.handled(started.elapsed());
        Ok(())
    }
}

impl ByokState {
    async fn check(&self) -> Result<(), Failure> {
        let (shared, rules) = (&self.shared, &self.shared.options.key_checks.rules);
        // A node that can open no keys checks none: the row waits for one that can.
        let Some(checks) = shared.key_checks.get() else { return Ok(()) };
        let Some(begun) = shared.store.begin_byok_check(self.secret, shared.clock.now(), rules).await? else { return Ok(()) };
        let verdict = self.ask(checks, &begun).await;
        let [high, low] = shared.clock.random_bytes::<2>();
        let chance = u16::from_be_bytes([high, low]) % 1001;
        let finished = shared.store.finish_byok_check(self.secret, &verdict, shared.clock.now(), rules, chance).await?;
        let outcome = finished.map_or("late", |(_, outcome)| word(outcome));
        tracing::info!(secret = %self.secret, provider = %begun.row.provider, outcome, "a provider key was checked");
        metrics::counter!("cowork_byok_checks_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    async fn ask(&self, checks: &KeyChecks, begun: &BegunCheck) -> Verdict {
        if !begun.may_run {
            return unknown("the check was interrupted again and again", false);
        }
        let limit = self.shared.options.key_checks.limit;
        let _running = checks.running.acquire().await.expect("the semaphore is never closed");
        let started = self.shared.clock.instant();
        let verdict = tokio::time::timeout(limit, checks.checker.check(&begun.row, &begun.key)).await;
        metrics::histogram!("cowork_byok_check_seconds").record(started.elapsed().as_secs_f64());
        verdict.unwrap_or_else(|_| unknown("the provider did not answer in time", true))
    }
}

fn unknown(message: &str, retry: bool) -> Verdict {
    Verdict::Unknown { message: message.to_owned(), retry }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Activated => "activated",
        Outcome::Confirmed => "confirmed",
        Outcome::Doubted => "doubted",
        Outcome::Lost => "lost",
        Outcome::Rejected => "rejected",
        Outcome::Open => "open",
    }
}
