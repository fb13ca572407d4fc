//! What the hub tells the part that brings in the events of other nodes. Both lists hold each log once,
//! so they are as long as what is followed here at the most.

use super::peers::{FeedOwner, FeedPeers};
use crate::{
    clock::Clock,
    feed::{Log, subscription::Source},
};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long frames wait for those before them, which another node commits at the same time.
const PATIENCE: Duration = Duration::from_millis(25);
/// How often is looked at those that wait.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Interest {
    peers: Arc<dyn FeedPeers>,
    fresh: Mutex<HashSet<Log>>,
    fresh_news: Notify,
    waiting: Mutex<Vec<Source>>,
    waiting_news: Notify,
}

impl Interest {
    pub(super) fn new(peers: Arc<dyn FeedPeers>) -> Self {
        Self { peers, fresh: Mutex::default(), fresh_news: Notify::new(), waiting: Mutex::default(), waiting_news: Notify::new() }
    }

    /// Whether nobody else commits in this log now.
    pub(in crate::feed) fn is_only_here(&self, log: Log) -> bool {
        match log {
            Log::Session { session, .. } => self.peers.owner_of(session) == FeedOwner::Here,
            Log::Workspace(_) => self.peers.owners().is_empty(),
        }
    }

    /// The first reader of this log came.
    pub(in crate::feed) fn add(&self, log: Log) {
        self.fresh.lock().insert(log);
        self.fresh_news.notify_one();
    }

    /// Something waits in this ring from now on.
    pub(in crate::feed) fn look_after(&self, source: Source) {
        self.waiting.lock().push(source);
        self.waiting_news.notify_one();
    }

    /// Logs that were not followed when this was last asked.
    pub(super) async fn fresh(&self) -> HashSet<Log> {
        self.fresh_news.notified().await;
        std::mem::take(&mut *self.fresh.lock())
    }

    /// Lets rings that waited long enough send their readers to the database.
    pub(super) async fn end_waits(&self, stop: &CancellationToken) {
        let mut waiting = Vec::new();
        loop {
            let pause = async { if waiting.is_empty() { self.waiting_news.notified().await } else { tokio::time::sleep(LOOK).await } };
            tokio::select! {
                () = stop.cancelled() => return,
                () = pause => {}
            }
            waiting.append(&mut self.waiting.lock());
            let now = Clock.instant();
            waiting.retain(|source: &Source| {
                let overdue = source.ring().jump_if_overdue(now, PATIENCE);
                if overdue.jumped {
                    metrics::counter!("cowork_feed_remote_catch_ups_total").increment(1);
                }
                overdue.still_waits
            });
        }
    }
}
