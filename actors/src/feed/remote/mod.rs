//! Brings what other nodes commit to subscribers on this one (architecture §6).
//!
//! * A node follows a session at its owner, and a user's stream at all nodes that own shards, by leases
//!   ([`leases`]). Their renewal tells what is known here; the answer tells what is known there.
//! * An owner hands what it committed to one bounded outbox per node ([`outbox`]), which is pushed one
//!   frame at a time. What doesn't fit, or is lost, is replaced by a notice of how far the log reaches.
//! * Everything that arrives passes the log's ring, which shows a contiguous run and nothing else;
//!   readers fetch what is missing from the database. So a link is a latency path: whatever it loses,
//!   repeats or reorders, subscribers see the log (I4).

mod followers;
mod heads;
mod interest;
mod leases;
mod outbox;
mod peers;
mod sender;
mod wire;

pub(crate) use followers::Followers;
pub(crate) use interest::Interest;
pub(crate) use peers::{FeedOwner, FeedPeers, PeerGone};
pub(crate) use wire::{FeedReply, FeedRequest};

use super::{FeedHub, Log};
use crate::clock::Clock;
use cowork_domain::ids::{Sequence, SessionId};
use futures_util::FutureExt;
use leases::{LeaseCounts, Leases};
use sender::Sender;
use serde::Serialize;
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wire::{Batch, Follow, FollowNews, Followed, NoticedHead, Push, Standing, Unfollow};

/// Times of the protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoteOptions {
    /// How often a follower renews its leases.
    pub(crate) renewal: Duration,
    /// How long an owner remembers a follower.
    pub(crate) lease: Duration,
    /// How often the database is asked while an owner doesn't answer (with jitter, at most).
    pub(crate) poll: Duration,
    /// How long an answer is waited for.
    pub(crate) patience: Duration,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            renewal: Duration::from_secs(2),
            lease: Duration::from_secs(6),
            poll: Duration::from_millis(250),
            patience: Duration::from_secs(1),
        }
    }
}

/// What operators see of it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoteReport {
    /// Logs that this node follows, its own ones included.
    pub(crate) followed_logs: usize,
    /// Of them, those for which the database is polled because an owner doesn't answer.
    pub(crate) polled_logs: usize,
    /// Logs that other nodes follow here.
    pub(crate) told_logs: usize,
    /// Bytes that wait to be pushed.
    pub(crate) outbox_bytes: usize,
    /// Round trip of the last push.
    pub(crate) push_lag_us: Option<u64>,
}

/// Both ends of the protocol on this node.
#[derive(Debug)]
pub(crate) struct RemoteFeeds {
    hub: Arc<FeedHub>,
    peers: Arc<dyn FeedPeers>,
    options: RemoteOptions,
    changed: Arc<Notify>,
    counts: Arc<LeaseCounts>,
    round_trip: Arc<AtomicU64>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl RemoteFeeds {
    /// Joins a hub to those of other nodes, once, and before anybody follows anything.
    pub(crate) fn start(
        hub: Arc<FeedHub>,
        peers: Arc<dyn FeedPeers>,
        options: RemoteOptions,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Arc<Self> {
        let interest = Arc::new(Interest::new(peers.clone()));
        hub.bring_in(interest.clone());
        let feeds = Arc::new(Self {
            hub,
            peers,
            options,
            changed: Arc::new(Notify::new()),
            counts: Arc::default(),
            round_trip: Arc::default(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        });
        let (of_leases, watched) = (feeds.clone(), interest.clone());
        feeds.keep_running("leases", move || of_leases.clone().lease(watched.clone()));
        let of_waits = feeds.clone();
        feeds.keep_running("waits", move || {
            let (interest, feeds) = (interest.clone(), of_waits.clone());
            async move { interest.end_waits(&feeds.stop).await }
        });
        let of_sweep = feeds.clone();
        feeds.keep_running("sweep", move || of_sweep.clone().sweep());
        feeds
    }

    /// Answers a peer. Never waits.
    pub(crate) fn handle(&self, from: &str, request: FeedRequest) -> FeedReply {
        match request {
            FeedRequest::Follow(follow) => FeedReply::Followed(self.follow(from, &follow)),
            FeedRequest::Push(push) => {
                self.take(push);
                FeedReply::Taken
            }
            FeedRequest::Unfollow(Unfollow { logs }) => {
                logs.into_iter().for_each(|log| self.hub.followers.unfollow(from, log));
                FeedReply::Unfollowed
            }
        }
    }

    /// Shards moved, a peer came or went, a link went up or down.
    pub(crate) fn ownership_changed(&self) {
        // At once, and not by a task that may sleep through a shard's going and coming back.
        let is_here = |session: SessionId| self.peers.owner_of(session) == FeedOwner::Here;
        self.hub.note_strayed(is_here);
        self.hub.followers.drop_strangers(is_here);
        self.hub.followers.hurry();
        self.changed.notify_one();
    }

    /// For operators.
    pub(crate) fn report(&self) -> RemoteReport {
        let (told_logs, outbox_bytes) = self.hub.followers.load();
        let round_trip = self.round_trip.load(Ordering::Relaxed);
        RemoteReport {
            followed_logs: self.counts.followed.load(Ordering::Relaxed),
            polled_logs: self.counts.untold.load(Ordering::Relaxed),
            told_logs,
            outbox_bytes,
            push_lag_us: (round_trip > 0).then_some(round_trip),
        }
    }

    fn follow(&self, from: &str, follow: &Follow) -> Followed {
        let until = Clock.instant() + self.options.lease;
        let mut news = Vec::new();
        for (entry, followed) in follow.logs.iter().enumerate() {
            match followed.log {
                Log::Session { session, .. } if self.peers.owner_of(session) != FeedOwner::Here => {
                    self.hub.followers.unfollow(from, followed.log);
                    news.push(FollowNews { entry, standing: Standing::Elsewhere, head: None });
                }
                _ => news.extend(self.hub.followers.follow(from, entry, followed, until, |peer, outbox| {
                    let (peers, round_trip) = (self.peers.clone(), self.round_trip.clone());
                    let sender = Sender { peer, outbox, peers, patience: self.options.patience, round_trip };
                    self.tasks.spawn(sender.run(self.stop.clone()));
                })),
            }
        }
        Followed { news }
    }

    fn take(&self, push: Push) {
        for notice in push.notices {
            match notice.head {
                NoticedHead::At(head) => self.hub.announce(notice.log, head),
                NoticedHead::Unknown => self.hub.forget_log(notice.log),
            }
        }
        for Batch { session, workspace, first, events } in push.batches {
            let count = events.len() as u64;
            let last = events.last().map_or(0, |event| event.sequence.0);
            let stored: Option<Vec<_>> = events.into_iter().map(wire::PushedEvent::into_stored).collect();
            metrics::counter!("cowork_feed_remote_events_total").increment(count);
            if let Some(stored) = stored {
                self.hub.show(session, workspace, &stored, first);
            } else {
                self.hub.announce(Log::Session { session, workspace }, last);
                self.hub.announce(Log::Workspace(workspace), Sequence(first.0 + count - 1).0);
            }
        }
    }

    async fn lease(self: Arc<Self>, interest: Arc<Interest>) {
        let Self { hub, peers, changed, counts, options, .. } = &*self;
        Leases::new(hub.clone(), peers.clone(), interest, changed.clone(), counts.clone(), *options).run(&self.stop).await;
    }

    async fn sweep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(self.options.renewal);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            self.hub.followers.sweep(Clock.instant());
            let report = self.report();
            let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("cowork_feed_remote_followed_logs").set(count(report.followed_logs));
            metrics::gauge!("cowork_feed_remote_polled_logs").set(count(report.polled_logs));
            metrics::gauge!("cowork_feed_remote_told_logs").set(count(report.told_logs));
        }
    }

    /// A panic must not end the feeds of a node for ever: the task starts again from what is followed.
    fn keep_running<F: Future<Output = ()> + Send>(&self, task: &'static str, run: impl Fn() -> F + Send + 'static) {
        let future = async move {
            while AssertUnwindSafe(run()).catch_unwind().await.is_err() {
                tracing::error!(task, "a task of the remote feeds panicked and starts again");
            }
        };
        self.tasks.spawn(future);
    }
}

#[cfg(test)]
mod tests;
