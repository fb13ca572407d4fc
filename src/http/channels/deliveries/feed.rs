//! The frames of one stream of deliveries (contract 04 §8): claims, keep-alives and errors.

use super::sources::Sources;
use crate::{http::error::ApiError, identity::Revocations};
use bytes::Bytes;
use cowork_actors::{ClaimError, Clock};
use cowork_domain::channel::delivery::{ChannelDelivery, ClaimRefusal, StreamCredit};
use futures_util::{Stream, stream};
use serde_json::json;
use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long one wait for news lasts; then the binding is looked at anyway.
const PATIENCE: Duration = Duration::from_secs(15);
/// After a claim that failed.
const PAUSE: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// What a stream of deliveries says, in order.
pub(super) struct Feed {
    sources: Sources,
    credit: StreamCredit,
    revocations: Arc<Revocations>,
    keep_alive: Duration,
    next_keep_alive: Option<Instant>,
    /// Claimed, and not sent yet.
    ready: VecDeque<Bytes>,
    /// Nothing is claimed before, because the last claim failed.
    not_before: Option<Instant>,
}

/// What follows.
enum Next {
    Frame(Bytes),
    /// Whoever opened the stream may not serve one of its bindings any more.
    End,
}

impl Feed {
    /// Nothing is claimed until somebody reads.
    pub(super) fn new(sources: Sources, credit: StreamCredit, keep_alive: Duration, revocations: Arc<Revocations>) -> Self {
        Self { sources, credit, revocations, keep_alive, next_keep_alive: None, ready: VecDeque::new(), not_before: None }
    }

    /// The frames, until the stream is dropped or may not go on.
    pub(super) fn frames(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(self, |mut feed| async move {
            match feed.next().await {
                Next::Frame(frame) => Some((frame, feed)),
                Next::End => None,
            }
        })
    }

    async fn next(&mut self) -> Next {
        loop {
            // Who doesn't know whom it still may serve claims nothing for them.
            poll_fn(|context| self.revocations.poll_fresh(context, Clock.instant())).await;
            if let Some(frame) = self.ready.pop_front() {
                return Next::Frame(frame);
            }
            if self.not_before.is_none() && self.sources.is_open() {
                match self.sources.claim(self.credit.credit, Some(self.credit)).await {
                    Ok(deliveries) => self.ready.extend(deliveries.iter().map(frame)),
                    Err(ClaimError::Refused(ClaimRefusal::NotAuthorised)) => return Next::End,
                    Err(error) => return Next::Frame(self.failed(error)),
                }
                continue;
            }
            // The first keep-alive comes right behind the backlog.
            let keep_alive = *self.next_keep_alive.get_or_insert_with(|| Clock.instant());
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(keep_alive.into()) => {
                    self.next_keep_alive = Some(Clock.instant() + self.keep_alive);
                    return Next::Frame(KEEP_ALIVE);
                }
                () = rest(self.not_before) => self.not_before = None,
                () = self.sources.wait(PATIENCE), if self.not_before.is_none() => {}
            }
        }
    }

    /// An error takes the place of the keep-alive; the stream goes on.
    fn failed(&mut self, error: ClaimError) -> Bytes {
        let is_over_quota = matches!(error, ClaimError::Refused(ClaimRefusal::QuotaExceeded { .. }));
        let now = Clock.instant();
        self.not_before = Some(now + if is_over_quota { self.keep_alive } else { PAUSE });
        self.next_keep_alive = Some(now + self.keep_alive);
        let data = json!({ "error": ApiError::from(error).message() });
        format!("event: error\ndata: {data}\n\n").into()
    }
}

async fn rest(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}

/// One delivery, as it is: the gateway must send all of it. An id is one line, whatever its maker put into it.
fn frame(delivery: &ChannelDelivery) -> Bytes {
    let id: String = delivery.id.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("id: {id}\nevent: channel.delivery\ndata: {}\n\n", json!({ "delivery": delivery.raw() })).into()
}
