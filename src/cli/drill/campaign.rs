//! All rounds of one fault, on the same sessions, and the judgement on them.

use super::{
    dice::Dice,
    faults::FaultKind,
    fence_watch::FenceWatch,
    history::{History, RoundRecord, Stopwatch},
    judge::{self, Verdict},
    load::{Load, LoadPlan},
    round::{Round, SETTLE_PATIENCE},
    target::Target,
};
use anyhow::Context;
use cowork_domain::ids::CommandId;
use std::{collections::BTreeSet, time::Duration};

/// How long subscribers may take to see the end of a log that has come to rest.
const SIGHT_PATIENCE: Duration = Duration::from_secs(20);

/// What a campaign is about.
pub(super) struct Campaign {
    pub(super) fault: FaultKind,
    pub(super) rounds: u32,
    pub(super) load: LoadPlan,
    /// Tell on stderr how it goes.
    pub(super) progress: bool,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) history: History,
    pub(super) verdict: Verdict,
    /// The cluster was lost: there is no point in going on.
    pub(super) is_over: bool,
}

impl Campaign {
    /// Holds all rounds.
    pub(super) async fn hold(&self, target: &mut Target, mut dice: Dice) -> anyhow::Result<Outcome> {
        target.settle(SETTLE_PATIENCE).await?;
        let stopwatch = Stopwatch::start();
        let watch = FenceWatch::start(target.store().clone());
        let (mut load, mut generator) = Load::begin(&self.load, &target.nodes(), stopwatch, dice.fork()).await?;
        let sessions: BTreeSet<_> = load.sessions().into_iter().collect();
        let mut rounds = Vec::new();
        let mut is_over = false;
        for number in 1..=self.rounds {
            let round = Round { fault: self.fault, number, sessions: &sessions, stopwatch };
            let record = round.play(target, &mut generator, &mut dice).await;
            self.tell(&record);
            is_over = record.settled.is_none();
            rounds.push(record);
            if is_over {
                break;
            }
        }
        let (sessions, workspaces) = (load.promised_sessions(), load.workspaces());
        let heads = judge::heads(target.store(), &load.sessions(), &workspaces).await.context("the logs' ends can't be read")?;
        load.until_seen(&heads, SIGHT_PATIENCE).await;
        load.follow_late(dice.below(target.nodes().len()));
        load.until_seen(&heads, SIGHT_PATIENCE).await;
        let history = load.finish(rounds).await;
        let commands: Vec<CommandId> = history.prompts.iter().filter_map(|prompt| prompt.call.acknowledged()).collect();
        let evidence = judge::collect(target.store(), &sessions, &workspaces, &commands, watch.take()).await?;
        let verdict = judge::judge(&history, &evidence);
        Ok(Outcome { history, verdict, is_over })
    }

    fn tell(&self, record: &RoundRecord) {
        if !self.progress {
            return;
        }
        let name = self.fault.as_str();
        let what = match (&record.invalid, record.proofs.as_slice()) {
            (Some(reason), _) => reason.clone(),
            (None, []) => "no fault".to_owned(),
            (None, proofs) => proofs.join("; "),
        };
        let settled = match (record.disturbed, record.settled) {
            (Some((_, healed)), Some(at)) if !record.proofs.is_empty() => format!("; settled {:.1?} after the heal", at.since(healed)),
            _ => String::new(),
        };
        eprintln!("{name} {}/{}: {what}{settled}", record.number, self.rounds);
    }
}
