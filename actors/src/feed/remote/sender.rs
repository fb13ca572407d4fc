//! Empties one node's outbox. One push at a time: its answer is the credit for the next one, which
//! takes all that has come together meanwhile, and order costs nothing.

use super::{
    outbox::Outbox,
    peers::FeedPeers,
    wire::{FeedReply, FeedRequest},
};
use crate::clock::Clock;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// A push without an answer for so long is lost.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_LAST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Sender {
    pub(super) peer: Arc<str>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) peers: Arc<dyn FeedPeers>,
    /// Microseconds of the last push that was answered, for operators.
    pub(super) round_trip: Arc<AtomicU64>,
}

impl Sender {
    /// Runs until the outbox is closed: when its node follows nothing any more.
    pub(super) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.send_all() => {}
        }
        metrics::gauge!("cowork_feed_remote_outbox_bytes", "peer" => self.peer.to_string()).set(0);
    }

    async fn send_all(&self) {
        let mut pause = PAUSE_FIRST;
        while let Some(outgoing) = self.outbox.next().await {
            let bytes = u32::try_from(self.outbox.bytes()).unwrap_or(u32::MAX);
            metrics::gauge!("cowork_feed_remote_outbox_bytes", "peer" => self.peer.to_string()).set(bytes);
            let started = Clock.instant();
            let call = self.peers.call(&self.peer, FeedRequest::Push(outgoing.push));
            if let Ok(Ok(FeedReply::Taken)) = tokio::time::timeout(PATIENCE, call).await {
                let took = started.elapsed();
                self.round_trip.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
                metrics::histogram!("cowork_feed_remote_push_seconds").record(took.as_secs_f64());
                metrics::counter!("cowork_feed_remote_pushes_total", "outcome" => "taken").increment(1);
                pause = PAUSE_FIRST;
            } else {
                metrics::counter!("cowork_feed_remote_pushes_total", "outcome" => "lost").increment(1);
                self.outbox.give_back(outgoing.otherwise);
                tokio::time::sleep(Clock.jitter(pause)).await;
                pause = (pause * 2).min(PAUSE_LAST);
            }
        }
    }
}
