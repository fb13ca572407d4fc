//! One turn from its prompt to its end: model call, tool calls, model call, …

use super::{
    Shared, call,
    failure::{Failure, Stop},
    prompt,
    providers::ModelHandle,
    reports::Reports,
    text::StreamedText,
    tools::{self, ToolRun},
};
use crate::{Asks, TurnRequest};
use call::Caller;
use cowork_domain::{
    ids::{OrgId, SessionId},
    policy::Ceiling,
    runtime_event::RuntimeEvent,
};
use futures_util::FutureExt as _;
use rig_core::{
    completion::{CompletionResponse, Message},
    message::{ToolCall, ToolResultContent},
};
use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};
use tokio::time::{Instant, timeout_at};

/// Runs a turn and reports its one end.
pub(super) async fn run(shared: Arc<Shared>, request: TurnRequest, reports: Reports, asks: Asks) {
    let worked = AssertUnwindSafe(work(&shared, request, &reports, asks)).catch_unwind().await;
    let ended = worked.unwrap_or_else(|_| Err(Failure::new("runtime.failed", "the runtime failed unexpectedly").into()));
    let last = match ended {
        Ok(()) => RuntimeEvent::Finished,
        Err(Stop::Failed(failure)) => RuntimeEvent::Failed { code: failure.code.to_owned(), message: failure.message },
        Err(Stop::Gone) => return,
    };
    let _ = reports.send(last).await;
}

async fn work(shared: &Shared, request: TurnRequest, reports: &Reports, asks: Asks) -> Result<(), Stop> {
    let model = shared.providers.model(&request, shared.limits.silence).await?;
    let mut turn = Turn {
        shared,
        reports,
        asks,
        model,
        session: request.session,
        org: request.org.clone(),
        agent: request.agent.clone(),
        deadline: Instant::now() + shared.limits.turn,
        calls: 0,
    };
    let mut messages = prompt::conversation(&request);
    drop(request);
    for round in 1_u32.. {
        let response = turn.round(round, &messages).await?;
        let calls: Vec<ToolCall> = response.tool_calls().cloned().collect();
        if calls.is_empty() {
            break;
        }
        messages.extend(response.message());
        let mut results = Vec::with_capacity(calls.len());
        for call in calls {
            results.push(match tools::perform(&mut turn, &call).await? {
                ToolRun::Done(output) => call.result(vec![ToolResultContent::text(output)]),
                ToolRun::Failed(output) => call.error_result(vec![ToolResultContent::text(output)]),
            });
        }
        messages.push(Message::tool_results(results));
    }
    Ok(())
}

/// A turn at work.
pub(super) struct Turn<'a> {
    pub(super) shared: &'a Shared,
    pub(super) reports: &'a Reports,
    pub(super) asks: Asks,
    pub(super) session: SessionId,
    pub(super) org: OrgId,
    pub(super) agent: String,
    model: ModelHandle,
    deadline: Instant,
    calls: u32,
}

impl Turn<'_> {
    async fn round(&mut self, round: u32, messages: &[Message]) -> Result<CompletionResponse, Stop> {
        self.count_call()?;
        let mut text = StreamedText::new(format!("m{round}"), self.shared.coalesce);
        let caller = self.caller();
        let answering = caller.call(messages, true, Some(&mut text));
        // Boxed: the protocol's future is large, and a turn waits in it for most of its life.
        let response = match self.bounded(Box::pin(answering)).await {
            Ok(Ok(response)) => response,
            Ok(Err(stop)) | Err(stop) => return Err(caller.report_lost(stop).await),
        };
        text.finish(self.reports).await?;
        caller.report_cost(&response.usage).await?;
        Ok(response)
    }

    /// A model call beside the conversation: no tools, and its text is not part of the answer.
    pub(super) async fn side_call(&mut self, messages: &[Message]) -> Result<String, Stop> {
        self.count_call()?;
        let caller = self.caller();
        let answering = caller.call(messages, false, None);
        let response = match self.bounded(Box::pin(answering)).await {
            Ok(Ok(response)) => response,
            Ok(Err(stop)) | Err(stop) => return Err(caller.report_lost(stop).await),
        };
        caller.report_cost(&response.usage).await?;
        Ok(response.text())
    }

    /// Runs work under the turn's deadline.
    pub(super) async fn bounded<F: Future>(&self, work: F) -> Result<F::Output, Stop> {
        timeout_at(self.deadline, work).await.map_err(|_| Failure::turn_deadline(self.shared.limits.turn).into())
    }

    /// Waits for a person, which doesn't count as the turn's time.
    pub(super) async fn waiting_for_a_person<F: Future>(&mut self, answer: F) -> F::Output {
        let since = Instant::now();
        let answer = answer.await;
        self.deadline += since.elapsed();
        answer
    }

    /// How far a tool may go, by the organisation's policy.
    pub(super) async fn ceiling(&self, tool: &str) -> Result<Ceiling, Stop> {
        Ok(self.shared.providers.ceiling(&self.org, tool).await?)
    }

    fn caller(&self) -> Caller<'_> {
        Caller { model: &self.model, limits: &self.shared.limits, reports: self.reports }
    }

    fn count_call(&mut self) -> Result<(), Failure> {
        if self.calls >= self.shared.limits.rounds {
            return Err(Failure::rounds(self.shared.limits.rounds));
        }
        self.calls += 1;
        Ok(())
    }
}
