//! One turn on an OpenCode server, from its prompt to its end.

use super::{
    Shared,
    events::EventStream,
    failures,
    frames::Event,
    mapping::{Mapping, Step},
    models::ModelLease,
    place::InUse,
    prompt, sandbox,
    session::{End, OpenSession, alive},
};
use crate::{
    Asks, TurnRequest,
    broker::LeaseEnd,
    native::{
        failure::{Failure, Stop},
        reports::Reports,
        text::StreamedText,
    },
};
use cowork_domain::{
    codes::Code,
    ids::OrgId,
    policy::Ceiling,
    runtime_event::{Answer, RuntimeEvent},
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, OptionFuture},
    stream::FuturesUnordered,
};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

/// How often a broken stream of events is opened again.
const RECONNECTS: u32 = 3;

/// Runs a turn and reports its one end.
pub(super) async fn run(shared: Arc<Shared>, request: TurnRequest, reports: Reports, asks: Asks) {
    let worked = AssertUnwindSafe(work(&shared, &request, &reports, asks)).catch_unwind().await;
    let ended = worked.unwrap_or_else(|_| Err(Failure::new(Code::RuntimeFailed.as_str(), "the runtime failed unexpectedly").into()));
    let last = match ended {
        Ok(()) => RuntimeEvent::Finished,
        Err(End::Failed(failure)) => RuntimeEvent::Failed { code: failure.code.to_owned(), message: failure.message },
        Err(End::Gone | End::Lost) => return,
    };
    let _ = reports.send(last).await;
}

async fn work(shared: &Shared, request: &TurnRequest, reports: &Reports, asks: Asks) -> Result<(), End> {
    let resolved = shared.broker.resolve(&request.org, request.model.as_deref(), shared.default_model.as_deref()).await;
    let chosen = resolved.map_err(Failure::from)?;
    let in_use = shared.pool.acquire(&request.org).await?;
    let session = request.session;
    let folders = in_use.process().folders.clone();
    let entered = tokio::task::spawn_blocking(move || folders.enter(session)).await;
    // It goes back to its place before the turn's end is reported: whoever hears of the end finds it there.
    let _workspace = entered.map_err(std::io::Error::other).and_then(|entered| entered).map_err(|error| {
        tracing::error!(%error, "a workspace can't be given to OpenCode");
        failures::unavailable("the session's workspace can't be used")
    })?;
    let model = in_use.process().models.lease(request, &chosen).await?;
    let mut turn = Turn::open(shared, request, reports, asks, in_use, model).await?;
    let worked = turn.work().await;
    turn.report_used().await?;
    if worked.is_ok() {
        turn.session.is_over = true;
    }
    worked
}

/// A turn at work.
struct Turn<'a> {
    shared: &'a Shared,
    reports: &'a Reports,
    asks: Asks,
    org: OrgId,
    session: OpenSession,
    events: EventStream,
    mapping: Mapping,
    text: Option<(String, StreamedText)>,
    waiting: FuturesUnordered<BoxFuture<'static, (Ask, Option<Answer>)>>,
    asked_at: Instant,
    deadline: Instant,
    last_heard: Instant,
    over: BoxFuture<'static, LeaseEnd>,
    usage: Option<UnboundedReceiver<crate::broker::Usage>>,
    _model: ModelLease,
}

/// What a person is asked, by OpenCode's number for it.
enum Ask {
    Permission(String),
    Question(String),
}

impl<'a> Turn<'a> {
    async fn open(
        shared: &'a Shared,
        request: &TurnRequest,
        reports: &'a Reports,
        asks: Asks,
        in_use: InUse,
        mut model: ModelLease,
    ) -> Result<Self, End> {
        let api = in_use.process().api.clone();
        let folder = format!("{}/{}", sandbox::WORKSPACES, request.session);
        // Before there is anything to hear of, so that nothing is missed.
        let events = alive(&in_use, api.events(&folder)).await?;
        let title = format!("{}.{}", request.command, request.attempt);
        let id = alive(&in_use, api.create(&folder, &title)).await?;
        let session = OpenSession { api, in_use, folder, id, is_over: false };
        if let Some(recall) = prompt::recall(request, &model) {
            alive(&session.in_use, session.api.recall(&session.folder, &session.id, &recall)).await?;
        }
        let mapping = Mapping::new(&session.id);
        alive(&session.in_use, session.api.prompt(&session.folder, &session.id, prompt::prompt(request, &model))).await?;
        let (over, usage) = match &mut model.lease {
            Some(lease) => (lease.ended().boxed(), lease.usage()),
            None => (std::future::pending().boxed(), None),
        };
        let now = Instant::now();
        let deadline = now + shared.limits.turn;
        let waiting = FuturesUnordered::new();
        Ok(Self {
            shared,
            reports,
            asks,
            org: request.org.clone(),
            session,
            events,
            mapping,
            text: None,
            waiting,
            asked_at: now,
            deadline,
            last_heard: now,
            over,
            usage,
            _model: model,
        })
    }

    async fn work(&mut self) -> Result<(), End> {
        let in_use = self.session.in_use.clone();
        loop {
            let due: OptionFuture<_> = self.text.as_ref().and_then(|(_, text)| text.due()).map(sleep_until).into();
            let asks_nobody = self.waiting.is_empty();
            let is_quiet = asks_nobody && !self.mapping.runs_tools();
            let silence = self.shared.limits.silence;
            let used: OptionFuture<_> = self.usage.as_mut().map(UnboundedReceiver::recv).into();
            tokio::select! {
                biased;
                () = in_use.process().gone() => return Err(End::Lost),
                end = &mut self.over => return Err(Failure::new(end.code().as_str(), end.message()).into()),
                Some(Some(usage)) = used => self.reports.send(usage.into()).await?,
                Some((ask, answer)) = self.waiting.next(), if !asks_nobody => self.answered(ask, answer).await?,
                Some(()) = due => self.flush().await?,
                event = self.events.next() => {
                    let is_over = match event {
                        Ok(event) => self.hear(event).await?,
                        Err(_) => self.reconnect().await?,
                    };
                    if is_over {
                        return self.finish().await;
                    }
                }
                () = sleep_until(self.deadline), if asks_nobody => return Err(Failure::turn_deadline(self.shared.limits.turn).into()),
                () = sleep_until(self.last_heard + silence), if is_quiet => return Err(Failure::silence(silence).into()),
            }
        }
    }

    /// Takes an event; says whether the turn is over.
    async fn hear(&mut self, event: Event) -> Result<bool, End> {
        if matches!(event, Event::Heartbeat) {
            return self.check().await;
        }
        if self.mapping.concerns(&event) {
            self.last_heard = Instant::now();
        }
        let steps = self.mapping.take(event);
        self.perform(steps).await
    }

    /// Asks whether the session still works: the event that says that it doesn't may have been missed.
    async fn check(&mut self) -> Result<bool, End> {
        match self.session.api.is_busy(&self.session.folder, &self.session.id).await {
            Ok(false) => self.reconcile().await,
            // Whatever is wrong, the stream of events or the process tells.
            Ok(true) | Err(_) => Ok(false),
        }
    }

    async fn reconcile(&mut self) -> Result<bool, End> {
        let state = alive(&self.session.in_use, self.session.api.state(&self.session.folder, &self.session.id)).await?;
        let steps = self.mapping.reconcile(state);
        self.perform(steps).await
    }

    /// Opens the stream again and reads what it didn't say.
    async fn reconnect(&mut self) -> Result<bool, End> {
        metrics::counter!("cowork_opencode_stream_breaks_total").increment(1);
        for attempt in 1.. {
            match alive(&self.session.in_use, self.session.api.events(&self.session.folder)).await {
                Ok(events) => {
                    self.events = events;
                    break;
                }
                Err(End::Failed(_)) if attempt < RECONNECTS => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
                Err(end) => return Err(end),
            }
        }
        self.last_heard = Instant::now();
        self.reconcile().await
    }

    async fn perform(&mut self, steps: Vec<Step>) -> Result<bool, End> {
        for step in steps {
            match step {
                Step::Text { message, delta } => {
                    let reports = self.reports;
                    self.text(message).await?.push(&delta, reports).await?;
                }
                Step::TextAgain { message } => self.text(message).await?.restart(),
                Step::TextDone { message } => {
                    self.text(message).await?;
                    self.end_text().await?;
                }
                // The broker counts better: it knows the price, and what the provider itself reports.
                Step::Report(RuntimeEvent::Cost { .. }) if self.usage.is_some() => {}
                Step::Report(report) => {
                    self.flush().await?;
                    self.reports.send(report).await?;
                }
                Step::Permission { id, permission, report } => match ceiling(self.shared, &self.org, &permission).await? {
                    Ceiling::Deny => permit(&self.session, &id, false).await?,
                    // Asked for the policy's sake alone.
                    Ceiling::Allow if permission == "task" => permit(&self.session, &id, true).await?,
                    Ceiling::Ask | Ceiling::Allow => {
                        let ask = self.asks.permission(&id);
                        self.ask(Ask::Permission(id), ask, report).await?;
                    }
                },
                Step::Question { id, report } => {
                    let ask = self.asks.question(&id);
                    self.ask(Ask::Question(id), ask, report).await?;
                }
                Step::Retry { failures, reason } => {
                    if failures > self.shared.limits.provider_retries {
                        return Err(failures::provider_gave_up(&reason).into());
                    }
                    let reason = if reason.is_empty() { "the model provider failed".to_owned() } else { reason };
                    self.reports.send(RuntimeEvent::Retrying { attempt: failures + 1, reason }).await?;
                }
                Step::Idle => return Ok(true),
            }
        }
        Ok(false)
    }

    /// The text of a message. One is open at a time: another one completes it.
    async fn text(&mut self, message: String) -> Result<&mut StreamedText, Stop> {
        if self.text.as_ref().is_none_or(|(open, _)| *open != message) {
            self.end_text().await?;
        }
        let coalesce = self.shared.coalesce;
        let (_, text) = self.text.get_or_insert_with(|| (message.clone(), StreamedText::new(message, coalesce)));
        Ok(text)
    }

    async fn end_text(&mut self) -> Result<(), Stop> {
        match self.text.take() {
            Some((_, text)) => text.finish(self.reports).await,
            None => Ok(()),
        }
    }

    /// What waits of a text goes before what happened after it.
    async fn flush(&mut self) -> Result<(), Stop> {
        match &mut self.text {
            Some((_, text)) => text.flush(self.reports).await,
            None => Ok(()),
        }
    }

    async fn ask(&mut self, ask: Ask, mut pending: crate::running::PendingAsk, report: RuntimeEvent) -> Result<(), Stop> {
        self.flush().await?;
        self.reports.send(report).await?;
        if self.waiting.is_empty() {
            self.asked_at = Instant::now();
        }
        self.waiting.push(async move { (ask, pending.answered().await) }.boxed());
        Ok(())
    }

    /// Passes a person's answer on. The time that they took is not the turn's.
    async fn answered(&mut self, ask: Ask, answer: Option<Answer>) -> Result<(), End> {
        if self.waiting.is_empty() {
            self.deadline += self.asked_at.elapsed();
            self.last_heard = Instant::now();
        }
        let (api, folder) = (&self.session.api, &self.session.folder);
        let passed = match (ask, answer) {
            (_, None) => return Err(End::Gone),
            (Ask::Permission(id), Some(answer)) => {
                return permit(&self.session, &id, matches!(answer, Answer::Permission { allowed: true, .. })).await;
            }
            (Ask::Question(id), Some(Answer::Question { answers, .. })) => {
                let answers = answers.iter().map(chosen).collect();
                alive(&self.session.in_use, api.answer(folder, &id, Some(answers))).await
            }
            (Ask::Question(id), Some(_)) => alive(&self.session.in_use, api.answer(folder, &id, None)).await,
        };
        unless_late(passed)
    }

    /// Reports what the broker counted since the last report, calls that came to nothing included.
    async fn report_used(&mut self) -> Result<(), Stop> {
        while let Some(usage) = self.usage.as_mut().and_then(|usage| usage.try_recv().ok()) {
            self.reports.send(usage.into()).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), End> {
        self.end_text().await?;
        self.mapping.failure().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// How far the organisation's policy lets its agents go.
async fn ceiling(shared: &Shared, org: &OrgId, permission: &str) -> Result<Ceiling, Failure> {
    Ok(shared.broker.ceiling(org, permission).await?)
}

/// Passes a decision on.
async fn permit(session: &OpenSession, id: &str, allowed: bool) -> Result<(), End> {
    let OpenSession { api, in_use, folder, .. } = session;
    unless_late(alive(in_use, api.permit(folder, id, allowed)).await)
}

/// A request that is not open any more needs no answer: a sub-agent may have given up.
fn unless_late(passed: Result<(), End>) -> Result<(), End> {
    match passed {
        Err(End::Failed(failure)) => {
            tracing::debug!(message = failure.message, "an answer came too late");
            Ok(())
        }
        passed => passed,
    }
}

/// An answer as clients send it (a label, or a list of labels), as the list that OpenCode wants.
fn chosen(answer: &Value) -> Vec<String> {
    let label = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match answer {
        Value::Array(several) => several.iter().map(label).collect(),
        one => vec![label(one)],
    }
}
