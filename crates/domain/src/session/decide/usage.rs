//! What a session's work uses of workers and models (contract 03 §4).

use super::draft::{Draft, prompt_message_id};
use crate::{
    audit::{MODEL_TOKENS, UsageRow, WorkStep, WorkUsage},
    ids::{CommandId, Sequence},
    provider::ProviderId,
    runtime_event::Tokens,
    session::{CommandKind, CommandWrite, Submission},
};
use serde_json::json;

/// A model call that the organisation's key paid for.
pub(super) struct ModelCall<'a> {
    pub(super) provider: &'a ProviderId,
    pub(super) model: &'a str,
    pub(super) cost: f64,
    pub(super) tokens: Tokens,
}

impl Draft<'_> {
    /// A prompt is accepted.
    pub(super) fn used_queue(&mut self, submission: &Submission) {
        let work = self.work(submission.id, &submission.kind, 0);
        work.sender = Some((submission.source.as_str().to_owned(), submission.by.account_id.clone()));
        work.steps.add(WorkStep::Queued);
    }

    /// A worker takes the session up for a prompt.
    pub(super) fn used_claim(&mut self, command: &CommandWrite) {
        self.work_on(command).steps.add(WorkStep::Claimed);
    }

    /// A worker begins with a command.
    pub(super) fn used_start(&mut self, command: &CommandWrite) {
        self.work_on(command).steps.add(WorkStep::Started);
    }

    /// A worker gives a command up for now: the same one or another one begins with it anew.
    pub(super) fn used_deferral(&mut self, command: &CommandWrite) {
        let elapsed = self.elapsed(command);
        let work = self.work_on(command);
        work.elapsed_ms = Some(elapsed);
        work.steps.add(WorkStep::Deferred);
    }

    /// A worker is done with a command.
    pub(super) fn used_worker(&mut self, command: &CommandWrite, error_code: Option<&str>) {
        let elapsed = self.elapsed(command);
        let work = self.work_on(command);
        work.elapsed_ms = Some(elapsed);
        work.error_code = error_code.map(str::to_owned);
        work.steps.add(if error_code.is_some() { WorkStep::Failed } else { WorkStep::Completed });
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

    fn work_on(&mut self, command: &CommandWrite) -> &mut WorkUsage {
        self.work(command.id, &command.kind, command.attempt)
    }

    /// What this decision says about a command. An attempt has an entry of its own; accepting a command and beginning with it
    /// are one.
    fn work(&mut self, command: CommandId, kind: &CommandKind, attempt: u32) -> &mut WorkUsage {
        let (place, at, all) = (self.state.last_sequence, self.at, &mut self.changes.work);
        if !all.last().is_some_and(|last| last.command == command && (last.attempt == attempt || last.attempt == 0)) {
            all.push(WorkUsage::new(command, kind.as_str(), attempt, place, at));
        }
        let last = all.last_mut().expect("one was pushed if there was none");
        last.attempt = attempt;
        last
    }

    /// Since the prompt was told, in milliseconds.
    fn elapsed(&self, command: &CommandWrite) -> i64 {
        let message_id = prompt_message_id(command.id);
        let told = self.state.projection.messages().iter().rfind(|message| message.id == message_id);
        let started = told.map_or(command.created_at, |message| message.created_at);
        (self.at.as_millis() - started.as_millis()).max(0)
    }
}
