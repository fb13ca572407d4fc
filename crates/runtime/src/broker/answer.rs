//! The body of an answer on its way back: passed through as it comes, counted, watched, and cut when the lease ends.

use super::{
    LeaseEnd, Shared,
    lease::LeaseState,
    meter::{Counted, Meter, Usage},
};
use bytes::Bytes;
use cowork_domain::{
    byok::{Dollars, Spent},
    provider::ProviderEntry,
};
use http_body::{Body, Frame, SizeHint};
use std::{
    future::Future as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Why an answer stopped in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenAnswer {
    /// The lease is over.
    #[error("{}", .0.message())]
    Over(LeaseEnd),
    /// The provider sent nothing for too long.
    #[error("the model provider sent nothing for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The connection broke.
    #[error("the connection to the model provider broke off")]
    BrokeOff,
}

/// An answer's body. It takes no more from the provider than its reader takes from it.
pub struct AnswerBody(Source);

enum Source {
    Whole(Option<Bytes>),
    Streamed(Box<Streamed>),
    Over,
}

struct Streamed {
    body: reqwest::Body,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Set while nothing is there; a body that is always ready needs no timer.
    alarm: Option<Pin<Box<Sleep>>>,
    watch: Watch,
}

/// What watches over a streamed answer.
pub(super) struct Watch {
    shared: Arc<Shared>,
    lease: Arc<LeaseState>,
    entry: Arc<ProviderEntry>,
    meter: Meter,
    /// What of this call is on the organisation's account already.
    noted: Spent,
    /// The call counts for as long as its answer lasts.
    #[expect(dead_code, reason = "it counts for as long as it exists")]
    permit: OwnedSemaphorePermit,
}

impl Watch {
    pub(super) fn new(
        shared: Arc<Shared>,
        lease: Arc<LeaseState>,
        entry: Arc<ProviderEntry>,
        meter: Meter,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self { shared, lease, entry, meter, noted: Spent::default(), permit }
    }

    /// Looks at a piece of the answer that passes by. Some providers say during an answer what it has cost so far.
    fn see(&mut self, piece: &[u8]) {
        self.meter.see(piece);
        if let Some(report) = self.meter.news() {
            self.note(&report.counted, report.is_last);
        }
    }

    /// Puts what was reported on the organisation's account. Whoever spends the last of a budget ends what its organisation has
    /// under way, but not an answer that is complete: it is paid for.
    fn note(&mut self, counted: &Counted, is_complete: bool) {
        let cost = self.cost(counted).map(|cost| Dollars::of(cost).unwrap_or(Dollars::MOST));
        let now = Spent { tokens: counted.tokens.total(), cost: cost.unwrap_or_default() };
        let more = now.since(self.noted);
        self.noted = self.noted.at_least(now);
        let org = &self.lease.grant.org;
        let Some(kind) = self.shared.budgets.note(org, more) else { return };
        for lease in self.shared.tokens.of_org(org) {
            if !(is_complete && Arc::ptr_eq(&lease, &self.lease)) {
                lease.end(LeaseEnd::BudgetSpent(kind));
            }
        }
    }

    /// In dollars, by the provider's word or the operator's prices.
    fn cost(&self, counted: &Counted) -> Option<f64> {
        counted.cost.or_else(|| self.entry.prices.get(&self.lease.grant.model).map(|price| price.of(&counted.tokens)))
    }
}

impl AnswerBody {
    pub(super) fn whole(text: Bytes) -> Self {
        Self(Source::Whole(Some(text)))
    }

    pub(super) fn streamed(body: reqwest::Body, watch: Watch) -> Self {
        let over = Box::pin(watch.lease.over().cancelled_owned());
        Self(Source::Streamed(Box::new(Streamed { body, over, alarm: None, watch })))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenAnswer;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenAnswer>>> {
        let polled = match &mut self.0 {
            Source::Over => return Poll::Ready(None),
            Source::Whole(text) => return Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Source::Streamed(streamed) => streamed.poll(context),
        };
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            // Closes the way to the provider now, however long the reader keeps the body, and reports what the call cost.
            self.0 = Source::Over;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Whole(text) => text.is_none(),
            Source::Streamed(_) => false,
            Source::Over => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Whole(Some(text)) => SizeHint::with_exact(text.len() as u64),
            Source::Streamed(_) => SizeHint::default(),
            Source::Whole(None) | Source::Over => SizeHint::with_exact(0),
        }
    }
}

impl Streamed {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenAnswer>>> {
        if self.over.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(BrokenAnswer::Over(self.watch.lease.ended().unwrap_or(LeaseEnd::TurnOver)))));
        }
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(BrokenAnswer::BrokeOff))),
                Poll::Ready(Some(Ok(frame))) => {
                    self.alarm = None;
                    // Trailers end here, like all headers that nobody asked for.
                    if let Ok(data) = frame.into_data() {
                        self.watch.see(&data);
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                Poll::Pending => {
                    let silence = self.watch.shared.limits.silence;
                    let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + silence)));
                    std::task::ready!(alarm.as_mut().poll(context));
                    return Poll::Ready(Some(Err(BrokenAnswer::Silent(silence))));
                }
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(counted) = self.meter.finish() else { return };
        self.note(&counted, true);
        let (cost, tokens, grant) = (self.cost(&counted), counted.tokens, &self.lease.grant);
        let count = |kind, amount: u64| {
            metrics::counter!("cowork_broker_tokens_total", "provider" => self.entry.id.to_string(), "kind" => kind).increment(amount);
        };
        count("input", tokens.input);
        count("output", tokens.output);
        count("cache_read", tokens.cache_read);
        count("cache_write", tokens.cache_write);
        self.lease.report(Usage { provider: grant.provider.clone(), model: grant.model.clone(), tokens, cost });
    }
}
