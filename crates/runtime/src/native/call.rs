//! One model call, with its retries.
//!
//! rig speaks the provider's protocol; the loop around it is ours. Rig's agent loop can't wait for a
//! person in the middle of a tool call, can't repeat one round under the same turn id and replace
//! what that round streamed, and can't bound the silence between two bytes.

use super::{
    failure::{CallFailure, Failure, Stop},
    providers::ModelHandle,
    reports::Reports,
    text::StreamedText,
};
use crate::native::TurnLimits;
use cowork_domain::runtime_event::{RuntimeEvent, Tokens};
use futures_util::StreamExt as _;
use rand::Rng as _;
use rig_core::{
    completion::{CompletionRequest, CompletionResponse, Message, Usage},
    message::StopReason,
    streaming::{Item, StreamEvent},
};
use std::time::Duration;
use tokio::time::timeout_at;

/// What a turn needs to call its model.
pub(super) struct Caller<'a> {
    pub(super) model: &'a ModelHandle,
    pub(super) limits: &'a TurnLimits,
    pub(super) reports: &'a Reports,
}

/// A model call goes wrong in itself, or the turn ends in the middle of it.
enum Broken {
    Call(CallFailure),
    Turn(Stop),
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Self {
        Self::Turn(stop)
    }
}

impl From<CallFailure> for Broken {
    fn from(failure: CallFailure) -> Self {
        Self::Call(failure)
    }
}

impl Caller<'_> {
    /// Calls the model, with or without tools, until it answers or fails for good. Text goes to `text`, if the user is to see it.
    pub(super) async fn call(
        &self,
        messages: &[Message],
        tools: bool,
        mut text: Option<&mut StreamedText>,
    ) -> Result<CompletionResponse, Stop> {
        let mut tries = 1;
        loop {
            let failed = match self.attempt(request(messages), tools, text.as_deref_mut()).await {
                Ok(response) => return Ok(response),
                Err(Broken::Turn(stop)) => return Err(stop),
                Err(Broken::Call(failed)) => failed,
            };
            let Some(retry) = failed.retry.filter(|_| tries <= self.limits.provider_retries) else {
                return Err(failed.failure.into());
            };
            if let Some(text) = text.as_deref_mut() {
                text.restart();
            }
            let pause = self.pause(tries, retry.after);
            tries += 1;
            self.reports.send(RuntimeEvent::Retrying { attempt: tries, reason: retry.reason }).await?;
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        request: CompletionRequest,
        tools: bool,
        mut text: Option<&mut StreamedText>,
    ) -> Result<CompletionResponse, Broken> {
        let mut stream = self.model.stream(request, tools).map_err(|error| CallFailure::sort(&error))?;
        loop {
            let due = text.as_deref().and_then(StreamedText::due);
            let waited = match due {
                None => Ok(stream.next().await),
                Some(due) => timeout_at(due, stream.next()).await,
            };
            let Ok(item) = waited else {
                if let Some(text) = text.as_deref_mut() {
                    text.flush(self.reports).await?;
                }
                continue;
            };
            match item {
                None => break,
                Some(Err(error)) => return Err(CallFailure::sort(&error).into()),
                // Reasoning and arguments are read from the finished response, if at all.
                Some(Ok(Item::Event(StreamEvent::Text { text: delta, .. }))) => {
                    if let Some(text) = text.as_deref_mut() {
                        text.push(&delta, self.reports).await?;
                    }
                }
                Some(Ok(_)) => {}
            }
        }
        let response = stream.finish().await.map_err(|error| CallFailure::sort(&error))?;
        match response.stop() {
            StopReason::Error(_) | StopReason::Aborted(_) => {
                let reason = response.finish_reason().map_or_else(|| "failure".to_owned(), |reason| format!("{reason:?}"));
                let message = format!("the model provider ended the answer early ({})", reason.to_lowercase());
                Err(CallFailure::from(Failure::new("runtime.provider_error", message)).into())
            }
            _ => Ok(response),
        }
    }

    /// Doubling pauses with jitter, unless the provider says how long.
    fn pause(&self, tries: u32, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.limits.retry_after);
        }
        let doubled = self.limits.retry_base.saturating_mul(1 << (tries - 1).min(10));
        #[expect(clippy::disallowed_methods, reason = "jitter that keeps turns from retrying in step; nothing depends on its value")]
        let jitter = rand::rng().random_range(0.5..1.0);
        doubled.min(self.limits.retry_after).mul_f64(jitter)
    }

    /// Reports what a call cost, if the provider says anything about it.
    pub(super) async fn report_cost(&self, usage: &Usage) -> Result<(), Stop> {
        if self.report_metered().await? {
            return Ok(());
        }
        if !usage.is_reported() {
            return Ok(());
        }
        let tokens = Tokens {
            input: usage.input_tokens.unwrap_or(0),
            output: usage.output_tokens.unwrap_or(0),
            reasoning: usage.reasoning_tokens.unwrap_or(0),
            cache_read: usage.cached_input_tokens.unwrap_or(0),
            cache_write: usage.cache_creation_input_tokens.unwrap_or(0),
        };
        let cost = usage.cost.map_or(0.0, |cost| cost.total);
        self.reports.send(RuntimeEvent::Cost { cost, tokens }).await
    }

    /// Reports what a call cost that came to nothing. Gives the reason back, or a better one.
    pub(super) async fn report_lost(&self, stop: Stop) -> Stop {
        match self.report_metered().await {
            Ok(_) => stop,
            Err(gone) => gone,
        }
    }

    /// Reports what the broker counted since the last report, tries that failed included; `false` where there is no broker.
    async fn report_metered(&self) -> Result<bool, Stop> {
        let Some(metered) = self.model.metered() else { return Ok(false) };
        for usage in metered {
            self.reports.send(usage.into()).await?;
        }
        Ok(true)
    }
}

fn request(messages: &[Message]) -> CompletionRequest {
    let mut request = CompletionRequest::new("");
    request.chat_history = messages.to_vec();
    // Many compatible servers have finish reasons of their own; their answers are still answers.
    request.accept_unknown_finish_reasons = true;
    request
}
