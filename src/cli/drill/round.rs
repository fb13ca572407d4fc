//! One round: load on a settled cluster, a fault in the middle of it, and the way back.

use super::{
    dice::Dice,
    faults::FaultKind,
    history::{RoundRecord, Stopwatch},
    judge::unfinished,
    load::Generator,
    target::Target,
};
use cowork_domain::ids::SessionId;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Load before the fault, so that turns are under way.
const LEAD_IN: Duration = Duration::from_secs(2);
/// Load after the cluster has settled: what went wrong may show only with the next request.
const LEAD_OUT: Duration = Duration::from_secs(1);
/// A cluster that hasn't recovered by then doesn't.
pub(super) const SETTLE_PATIENCE: Duration = Duration::from_secs(60);
/// After the last request everything that was acknowledged ends within this time.
const DRAIN_PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// What a round is about.
pub(super) struct Round<'a> {
    pub(super) fault: FaultKind,
    pub(super) number: u32,
    pub(super) sessions: &'a BTreeSet<SessionId>,
    pub(super) stopwatch: Stopwatch,
}

impl Round<'_> {
    /// Plays it.
    pub(super) async fn play(&self, target: &mut Target, generator: &mut Generator, dice: &mut Dice) -> RoundRecord {
        let mut record = RoundRecord {
            fault: self.fault,
            number: self.number,
            began: self.stopwatch.now(),
            disturbed: None,
            settled: None,
            drained: None,
            incidents: Vec::new(),
            proofs: Vec::new(),
            invalid: None,
        };
        if let Err(error) = target.rest(SETTLE_PATIENCE).await {
            record.invalid = Some(format!("it did not begin: {error:#}"));
            return record;
        }
        let stop = CancellationToken::new();
        tokio::join!(generator.run(&stop), async {
            let _stopping = stop.clone().drop_guard();
            self.disturb(target, dice, &mut record).await;
        });
        self.drain(target, &mut record).await;
        record
    }

    async fn disturb(&self, target: &mut Target, dice: &mut Dice, record: &mut RoundRecord) {
        tokio::time::sleep(LEAD_IN).await;
        let began = self.stopwatch.now();
        let injected = target.disturb(self.fault, self.sessions, self.stopwatch, dice).await;
        let healed = self.stopwatch.now();
        record.incidents = injected.incidents;
        record.proofs = injected.proofs;
        record.invalid = injected.failed;
        record.disturbed = Some((began, healed));
        match target.settle(SETTLE_PATIENCE).await {
            Ok(()) => record.settled = Some(self.stopwatch.now()),
            Err(error) => {
                let first = record.invalid.take().map_or_else(String::new, |invalid| format!("{invalid}; "));
                record.invalid = Some(format!("{first}{error:#}"));
            }
        }
        tokio::time::sleep(LEAD_OUT).await;
    }

    /// Waits until nothing is unfinished. What still is by the end of the patience the judge finds by itself.
    async fn drain(&self, target: &Target, record: &mut RoundRecord) {
        let deadline = Instant::now() + DRAIN_PATIENCE;
        while Instant::now() < deadline {
            if unfinished(target.store(), self.sessions).await.is_ok_and(|sessions| sessions.is_empty()) {
                record.drained = Some(self.stopwatch.now());
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}
