//! What the work on a command used (contract 03 §4).
//!
//! A prompt leaves six usage rows, and all of them follow from a few facts. Only the facts are kept, one row for each append, and
//! told as usage rows to whoever asks: recording is on the path of every prompt, and asking is not.
//!
//! Which worker it was is not known to a decision: whoever keeps the facts knows on which node that is.

use super::{UsageRow, UsageUnit};
use crate::{
    ids::{CommandId, OrgId, Sequence, SessionId, TenantId, UserId},
    timestamp::Timestamp,
};
use serde_json::{Value, json};

/// A minute, in milliseconds. One that was begun counts whole.
const MINUTE_MS: i64 = 60_000;

/// What happened to a command, in the order in which it can happen within one append. Kept as a set of bits, whose values are
/// those of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum WorkStep {
    /// It was accepted.
    Queued = 1,
    /// A worker took the session up for it.
    Claimed = 2,
    /// A worker began with it.
    Started = 4,
    /// A worker gave it up for now: the same one or another one begins with it anew.
    Deferred = 8,
    /// A worker is done with it.
    Completed = 16,
    /// It failed.
    Failed = 32,
}

impl WorkStep {
    const ALL: [Self; 6] = [Self::Queued, Self::Claimed, Self::Started, Self::Deferred, Self::Completed, Self::Failed];
}

/// Some of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkSteps(u8);

impl WorkSteps {
    /// The set that was kept as these bits; `None` if one of them means nothing.
    pub fn of_bits(bits: i16) -> Option<Self> {
        let known: u8 = WorkStep::ALL.iter().fold(0, |bits, step| bits | *step as u8);
        u8::try_from(bits).ok().filter(|bits| bits & !known == 0).map(Self)
    }

    /// As it is kept.
    pub fn bits(self) -> i16 {
        i16::from(self.0)
    }

    /// Whether it holds a step.
    pub const fn has(self, step: WorkStep) -> bool {
        self.0 & step as u8 != 0
    }

    /// Takes a step in.
    pub const fn add(&mut self, step: WorkStep) {
        self.0 |= step as u8;
    }

    fn iter(self) -> impl Iterator<Item = WorkStep> {
        WorkStep::ALL.into_iter().filter(move |step| self.has(*step))
    }
}

/// What one append says about the work on one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkUsage {
    /// The command.
    pub command: CommandId,
    /// Its kind, for example `prompt`.
    pub kind: String,
    /// From where it came and who sent it; said once, when it is queued.
    pub sender: Option<(String, UserId)>,
    /// What happened.
    pub steps: WorkSteps,
    /// At which attempt.
    pub attempt: u32,
    /// The session's last event before. Parking gives an attempt back, so that the same one may begin and be given up more than
    /// once: the place tells these apart.
    pub place: Sequence,
    /// Milliseconds since the prompt was told, when it is deferred or over.
    pub elapsed_ms: Option<i64>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Whose work it was, and who did it.
#[derive(Debug, Clone, Copy)]
pub struct WorkPlace<'a> {
    /// Who pays.
    pub org: &'a OrgId,
    /// Of the session.
    pub tenant: &'a TenantId,
    /// The session.
    pub session: SessionId,
    /// The worker's name.
    pub worker: &'a str,
}

impl WorkUsage {
    /// Nothing yet.
    pub fn new(command: CommandId, kind: &str, attempt: u32, place: Sequence, at: Timestamp) -> Self {
        let (steps, kind) = (WorkSteps::default(), kind.to_owned());
        Self { command, kind, sender: None, steps, attempt, place, elapsed_ms: None, error_code: None, at }
    }

    /// The usage rows that this stands for.
    pub fn rows(&self, of: WorkPlace<'_>) -> Vec<UsageRow> {
        self.steps.iter().flat_map(|step| self.rows_of(step, of)).collect()
    }

    fn rows_of(&self, step: WorkStep, of: WorkPlace<'_>) -> Vec<UsageRow> {
        let end = format!("{}:{}", self.command, self.attempt);
        let begun = format!("{end}:{}", self.place.0);
        match step {
            WorkStep::Queued => self.queued(of),
            WorkStep::Claimed => vec![self.claimed(&begun, of)],
            WorkStep::Started => vec![self.execution("worker.execution_started", &begun, None, of)],
            WorkStep::Deferred => vec![self.execution("worker.execution_deferred", &begun, self.elapsed_ms, of)],
            WorkStep::Completed => vec![self.execution("worker.execution_completed", &end, self.elapsed_ms, of), self.minutes(&end, of)],
            WorkStep::Failed => vec![self.execution("worker.execution_failed", &end, self.elapsed_ms, of), self.minutes(&end, of)],
        }
    }

    fn queued(&self, of: WorkPlace<'_>) -> Vec<UsageRow> {
        let (source, account) = self.sender.as_ref().map(|(source, account)| (source.as_str(), account)).unzip();
        let cause = self.command.to_string();
        let row = |event_type, metadata| UsageRow::once(of.org, account, &cause, event_type, metadata, self.at);
        let queued = json!({
            "source": source,
            "tenantId": of.tenant,
            "commandId": self.command,
            "sessionId": of.session,
            "commandKind": self.kind,
        });
        let prompted = json!({ "source": source, "tenantId": of.tenant, "sessionId": of.session });
        vec![row("work.queued", queued), row("prompt.enqueued", prompted)]
    }

    /// A worker holds no token in the sense of the contract: ownership by shard is its lease.
    fn claimed(&self, cause: &str, of: WorkPlace<'_>) -> UsageRow {
        let metadata = json!({
            "tenantId": of.tenant,
            "workerId": of.worker,
            "sessionId": of.session,
            "leaseTokenHash": "[redacted]",
        });
        UsageRow::once(of.org, None, cause, "work.claimed", metadata, self.at)
    }

    fn execution(&self, event_type: &str, cause: &str, elapsed: Option<i64>, of: WorkPlace<'_>) -> UsageRow {
        // An append that starts and ends a command says both at once; how it ended is no part of its start.
        let error_code = self.error_code.as_ref().filter(|_| elapsed.is_some());
        let metadata = json!({
            "tenantId": of.tenant,
            "workerId": of.worker,
            "commandId": self.command,
            "commandKind": self.kind,
            "sessionId": of.session,
            "elapsedMs": elapsed,
            "errorCode": error_code,
        });
        UsageRow::once(of.org, None, cause, event_type, metadata, self.at)
    }

    fn minutes(&self, cause: &str, of: WorkPlace<'_>) -> UsageRow {
        let elapsed = self.elapsed_ms.unwrap_or_default();
        let metadata: Value = json!({
            "tenantId": of.tenant,
            "workerId": of.worker,
            "sessionId": of.session,
            "elapsedMs": elapsed,
        });
        let row = UsageRow::once(of.org, None, cause, "worker.minute", metadata, self.at);
        UsageRow { quantity: minutes(elapsed), unit: UsageUnit::Minute, ..row }
    }
}

/// At least one.
fn minutes(elapsed_ms: i64) -> i64 {
    (elapsed_ms / MINUTE_MS + i64::from(elapsed_ms % MINUTE_MS > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_that_was_begun_counts_whole() {
        assert_eq!([0, 1, 60_000, 60_001, 150_000].map(minutes), [1, 1, 1, 2, 3]);
    }

    #[test]
    fn steps_are_kept_as_bits_and_unknown_bits_are_noticed() {
        for step in WorkStep::ALL {
            let mut steps = WorkSteps::default();
            steps.add(step);
            assert_eq!(WorkSteps::of_bits(steps.bits()).map(|steps| steps.iter().collect()), Some(vec![step]));
        }
        assert_eq!(WorkSteps::of_bits(63).map(|steps| steps.iter().count()), Some(6));
        assert_eq!([64, -1, 256].map(WorkSteps::of_bits), [None, None, None]);
    }
}
