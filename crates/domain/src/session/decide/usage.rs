//! What a session's work uses of workers and models (contract 03 §4).
//!
//! Which worker it was is not known here: whoever writes the rows puts its name in ([`UsageRow::done_by`]).

use super::draft::{Draft, prompt_message_id};
use crate::{
    audit::{MODEL_TOKENS, UsageRow, UsageUnit, attempt_cause},
    ids::Sequence,
    provider::ProviderId,
    runtime_event::Tokens,
    session::CommandWrite,
};
use serde_json::json;

/// A minute, in milliseconds. One that was begun counts whole.
const MINUTE_MS: i64 = 60_000;

/// A model call that the organisation's key paid for.
pub(super) struct ModelCall<'a> {
    pub(super) provider: &'a ProviderId,
    pub(super) model: &'a str,
    pub(super) cost: f64,
    pub(super) tokens: Tokens,
}

impl Draft<'_> {
    /// A worker takes the session up. It holds no token in the sense of the contract: ownership by shard is its lease.
    pub(super) fn used_claim(&mut self, command: &CommandWrite) {
        let metadata = json!({
            "tenantId": self.identity().tenant,
            "workerId": null,
            "sessionId": self.identity().session,
            "leaseTokenHash": "[redacted]",
        });
        let row = UsageRow::once(&self.identity().org, None, &self.begun(command), "work.claimed", metadata, self.at);
        self.changes.usage.push(row);
    }

    /// A worker begins with a command.
    pub(super) fn used_start(&mut self, command: &CommandWrite) {
        let cause = self.begun(command);
        self.used_execution(command, "worker.execution_started", &cause, None, None);
    }

    /// A worker gives a command up for now: the same one or another one begins with it anew.
    pub(super) fn used_deferral(&mut self, command: &CommandWrite) {
        let cause = self.begun(command);
        self.used_execution(command, "worker.execution_deferred", &cause, Some(self.elapsed(command)), None);
    }

    /// A worker is done with a command.
    pub(super) fn used_worker(&mut self, command: &CommandWrite, error_code: Option<&str>) {
        let event_type = if error_code.is_some() { "worker.execution_failed" } else { "worker.execution_completed" };
        let (cause, elapsed) = (attempt_cause(command.id, command.attempt), self.elapsed(command));
        self.used_execution(command, event_type, &cause, Some(elapsed), error_code);
        let metadata = json!({
            "tenantId": self.identity().tenant,
            "workerId": null,
            "sessionId": self.identity().session,
            "elapsedMs": elapsed,
        });
        let row = UsageRow::once(&self.identity().org, None, &cause, "worker.minute", metadata, self.at);
        self.changes.usage.push(UsageRow { quantity: minutes(elapsed), unit: UsageUnit::Minute, ..row });
    }

    /// The usage row of a model call with the organisation's key; `place` is its cost's place in the log. Our addition to the
    /// contract's types: quantity is the call's tokens.
    pub(super) fn used_model(&mut self, command: &CommandWrite, place: Sequence, call: &ModelCall<'_>) {
        let Tokens { input, output, reasoning, cache_read, cache_write } = call.tokens;
        let metadata = json!({
            "tenantId": self.identity().tenant,
            "sessionId": self.identity().session,
            "commandId": command.id,
            "providerId": call.provider,
            "model": call.model,
            "input": input,
            "output": output,
            "reasoning": reasoning,
            "cacheRead": cache_read,
            "cacheWrite": cache_write,
            "cost": call.cost,
        });
        let cause = format!("{}:{}", self.identity().session, place.0);
        let total = [input, output, cache_read, cache_write].into_iter().fold(0_u64, u64::saturating_add);
        let row = UsageRow::once(&self.identity().org, None, &cause, MODEL_TOKENS, metadata, self.at);
        self.changes.usage.push(UsageRow { quantity: i64::try_from(total).unwrap_or(i64::MAX), ..row });
    }

    fn used_execution(&mut self, command: &CommandWrite, event_type: &str, cause: &str, elapsed: Option<i64>, error_code: Option<&str>) {
        let metadata = json!({
            "tenantId": self.identity().tenant,
            "workerId": null,
            "commandId": command.id,
            "commandKind": command.kind.as_str(),
            "sessionId": self.identity().session,
            "elapsedMs": elapsed,
            "errorCode": error_code,
        });
        self.changes.usage.push(UsageRow::once(&self.identity().org, None, cause, event_type, metadata, self.at));
    }

    /// Parking gives an attempt back, so that the same one may begin and be given up more than once: the place in the log
    /// tells these apart.
    fn begun(&self, command: &CommandWrite) -> String {
        format!("{}:{}", attempt_cause(command.id, command.attempt), self.state.last_sequence.0)
    }

    /// Since the prompt was told, in milliseconds.
    fn elapsed(&self, command: &CommandWrite) -> i64 {
        let message_id = prompt_message_id(command.id);
        let told = self.state.projection.messages().iter().rfind(|message| message.id == message_id);
        let started = told.map_or(command.created_at, |message| message.created_at);
        (self.at.as_millis() - started.as_millis()).max(0)
    }
}

/// At least one.
fn minutes(elapsed_ms: i64) -> i64 {
    (elapsed_ms / MINUTE_MS + i64::from(elapsed_ms % MINUTE_MS > 0)).max(1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_minute_that_was_begun_counts_whole() {
        assert_eq!([0, 1, 60_000, 60_001, 150_000].map(super::minutes), [1, 1, 1, 2, 3]);
    }
}
