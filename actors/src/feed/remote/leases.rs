//! Keeps following, at their owners, all logs that somebody follows here.
//!
//! A log is *told* when every node that may commit in it has confirmed that it tells us. While one
//! hasn't, the database is asked a few times per second; while all have, never.

use super::{
    RemoteOptions,
    heads::{LOOK_UP_LOGS, look_up},
    interest::Interest,
    peers::{FeedOwner, FeedPeers, PeerGone},
    wire::{FOLLOW_LOGS, FeedReply, FeedRequest, Follow, Followed, FollowedLog, Standing, Unfollow},
};
use crate::{
    clock::Clock,
    feed::{FeedHub, Log},
};
use cowork_store::StoreError;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Calls to one owner at a time.
const WINDOW: usize = 2;

/// How much is followed, for operators.
#[derive(Debug, Default)]
pub(super) struct LeaseCounts {
    pub(super) followed: AtomicUsize,
    pub(super) untold: AtomicUsize,
}

pub(super) struct Leases {
    hub: Arc<FeedHub>,
    peers: Arc<dyn FeedPeers>,
    interest: Arc<Interest>,
    changed: Arc<Notify>,
    counts: Arc<LeaseCounts>,
    options: RemoteOptions,
    logs: HashMap<Log, Lease>,
    /// Logs that are not told.
    untold: HashSet<Log>,
    owners: HashMap<Arc<str>, Owner>,
    /// Logs whose ring must be compared with the database.
    doubted: HashSet<Log>,
    /// Of them, those that could not be looked up.
    unanswered: HashSet<Log>,
    is_looking: bool,
    work: FuturesUnordered<BoxFuture<'static, Done>>,
}

/// A log that is followed.
#[derive(Debug, Default)]
struct Lease {
    /// The nodes that may commit in it, without this one, and whether they confirmed.
    at: Vec<(Arc<str>, bool)>,
    nobody_owns: bool,
}

impl Lease {
    fn is_told(&self) -> bool {
        !self.nobody_owns && self.at.iter().all(|(_, confirmed)| *confirmed)
    }
}

/// A node that may commit.
#[derive(Debug, Default)]
struct Owner {
    /// To be followed or renewed.
    due: HashSet<Log>,
    /// No longer wanted.
    ended: HashSet<Log>,
    calls: usize,
    is_silent: bool,
}

enum Done {
    Asked { peer: Arc<str>, logs: Vec<Log>, answer: Result<FeedReply, PeerGone> },
    Ended { peer: Arc<str> },
    LookedUp { logs: Vec<Log>, heads: Result<Vec<(Log, u64)>, StoreError> },
}

impl Leases {
    pub(super) fn new(
        hub: Arc<FeedHub>,
        peers: Arc<dyn FeedPeers>,
        interest: Arc<Interest>,
        changed: Arc<Notify>,
        counts: Arc<LeaseCounts>,
        options: RemoteOptions,
    ) -> Self {
        Self {
            hub,
            peers,
            interest,
            changed,
            counts,
            options,
            logs: HashMap::new(),
            untold: HashSet::new(),
            owners: HashMap::new(),
            doubted: HashSet::new(),
            unanswered: HashSet::new(),
            is_looking: false,
            work: FuturesUnordered::new(),
        }
    }

    pub(super) async fn run(mut self, stop: &CancellationToken) {
        let mut renewal = interval(self.options.renewal);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut poll_at = None;
        for log in self.hub.logs() {
            self.begin(log);
        }
        loop {
            self.start_calls();
            self.start_look_up();
            self.counts.followed.store(self.logs.len(), Ordering::Relaxed);
            self.counts.untold.store(self.untold.len(), Ordering::Relaxed);
            poll_at = if self.untold.is_empty() && self.unanswered.is_empty() {
                None
            } else {
                poll_at.or_else(|| Some(Instant::now() + Clock.jitter(self.options.poll)))
            };
            tokio::select! {
                () = stop.cancelled() => return,
                fresh = self.interest.fresh() => fresh.into_iter().for_each(|log| self.begin(log)),
                () = self.changed.notified() => self.look_around(),
                _ = renewal.tick() => self.renew(),
                () = sleep_until(poll_at.unwrap_or_else(Instant::now)), if poll_at.is_some() => {
                    poll_at = None;
                    self.poll();
                }
                Some(done) = self.work.next(), if !self.work.is_empty() => self.finish(done),
            }
        }
    }

    /// A log got its first reader, or its first one again.
    fn begin(&mut self, log: Log) {
        let workspace_owners = self.workspace_owners();
        self.place(log, &workspace_owners);
        for (peer, _) in &self.logs[&log].at {
            self.owners.entry(peer.clone()).or_default().due.insert(log);
        }
    }

    /// Finds out anew who commits in each log, and asks all of them for what may have been missed.
    fn look_around(&mut self) {
        let workspace_owners = self.workspace_owners();
        for log in self.logs.keys().copied().collect::<Vec<_>>() {
            self.place(log, &workspace_owners);
        }
        self.renew();
    }

    fn renew(&mut self) {
        let gone: Vec<Log> = self.logs.keys().copied().filter(|log| self.hub.with(*log, |_| ()).is_none()).collect();
        for log in gone {
            self.end(log);
        }
        for (log, lease) in &self.logs {
            for (peer, _) in &lease.at {
                self.owners.entry(peer.clone()).or_default().due.insert(*log);
            }
        }
        self.owners.retain(|_, owner| owner.calls > 0 || !owner.due.is_empty() || !owner.ended.is_empty());
    }

    /// While somebody doesn't tell: asks again, and the database meanwhile.
    fn poll(&mut self) {
        let workspace_owners = self.workspace_owners();
        for log in self.untold.iter().copied().collect::<Vec<_>>() {
            self.place(log, &workspace_owners);
            for (peer, _) in self.logs[&log].at.iter().filter(|(_, confirmed)| !confirmed) {
                self.owners.entry(peer.clone()).or_default().due.insert(log);
            }
            self.doubted.insert(log);
        }
        self.doubted.extend(self.unanswered.drain());
    }

    fn workspace_owners(&self) -> Vec<Arc<str>> {
        self.peers.owners().into_iter().map(|peer| self.known_name(&peer)).collect()
    }

    /// One copy of each name is enough.
    fn known_name(&self, peer: &str) -> Arc<str> {
        self.owners.get_key_value(peer).map_or_else(|| peer.into(), |(name, _)| name.clone())
    }

    /// Writes down who commits in a log now.
    fn place(&mut self, log: Log, workspace_owners: &[Arc<str>]) {
        let (at, nobody_owns) = match log {
            Log::Workspace(_) => (workspace_owners.to_vec(), false),
            Log::Session { session, .. } => match self.peers.owner_of(session) {
                FeedOwner::Here => (Vec::new(), false),
                FeedOwner::Peer(peer) => (vec![self.known_name(&peer)], false),
                FeedOwner::Nobody => (Vec::new(), true),
            },
        };
        let is_first = !self.logs.contains_key(&log);
        let lease = self.logs.entry(log).or_default();
        let before = std::mem::take(&mut lease.at);
        lease.nobody_owns = nobody_owns;
        let mut changed = before.len() != at.len();
        for peer in at {
            let confirmed = before.iter().any(|(known, confirmed)| *known == peer && *confirmed);
            changed |= !before.iter().any(|(known, _)| *known == peer);
            lease.at.push((peer, confirmed));
        }
        for (peer, _) in before.iter().filter(|(peer, _)| !lease.at.iter().any(|(now, _)| now == peer)) {
            let owner = self.owners.entry(peer.clone()).or_default();
            owner.due.remove(&log);
            owner.ended.insert(log);
        }
        for (peer, _) in &lease.at {
            if let Some(owner) = self.owners.get_mut(peer) {
                owner.ended.remove(&log);
            }
        }
        // What former owners committed last may never have come, and what was committed elsewhere while
        // this node didn't own the session was told to nobody.
        let is_local = lease.at.is_empty() && !nobody_owns;
        let has_strayed = matches!(log, Log::Session { session, .. } if is_local && self.hub.take_strayed(session));
        if (changed && !is_first) || has_strayed {
            self.doubt(log);
        }
        self.judge(log);
    }

    fn end(&mut self, log: Log) {
        let Some(lease) = self.logs.remove(&log) else { return };
        for (peer, _) in lease.at {
            let owner = self.owners.entry(peer).or_default();
            owner.due.remove(&log);
            owner.ended.insert(log);
        }
        self.untold.remove(&log);
        self.doubted.remove(&log);
        self.unanswered.remove(&log);
    }

    /// Whether a log is told may have changed.
    fn judge(&mut self, log: Log) {
        let Some(lease) = self.logs.get(&log) else { return };
        if lease.is_told() {
            self.untold.remove(&log);
            self.hub.with(log, |source| source.settled().settle());
        } else {
            self.untold.insert(log);
        }
    }

    /// Commits may have been told to nobody until now.
    fn doubt(&mut self, log: Log) {
        if self.hub.with(log, |source| source.ring().doubt()) == Some(true) {
            self.doubted.insert(log);
        }
    }

    fn start_calls(&mut self) {
        for (peer, owner) in &mut self.owners {
            let window = if owner.is_silent { 1 } else { WINDOW };
            while owner.calls < window && !owner.due.is_empty() {
                let logs = take_some(&mut owner.due, FOLLOW_LOGS);
                let followed = |log: &Log| FollowedLog { log: *log, head: self.hub.with(*log, |source| source.ring().head()).flatten() };
                let request = FeedRequest::Follow(Follow { logs: logs.iter().map(followed).collect() });
                owner.calls += 1;
                let (peer, call) = (peer.clone(), timeout(self.options.patience, self.peers.call(peer, request)));
                self.work.push(Box::pin(async move { Done::Asked { peer, logs, answer: call.await.unwrap_or(Err(PeerGone)) } }));
            }
            if owner.calls < window && !owner.ended.is_empty() {
                let logs = take_some(&mut owner.ended, FOLLOW_LOGS);
                owner.calls += 1;
                let request = FeedRequest::Unfollow(Unfollow { logs });
                let (peer, call) = (peer.clone(), timeout(self.options.patience, self.peers.call(peer, request)));
                self.work.push(Box::pin(async move {
                    // Without an answer the lease ends it.
                    call.await.ok();
                    Done::Ended { peer }
                }));
            }
        }
    }

    fn start_look_up(&mut self) {
        if self.is_looking {
            return;
        }
        // Where no head is known, each reader looks for itself.
        let hub = self.hub.clone();
        self.doubted.retain(|log| hub.with(*log, |source| source.ring().head()).flatten().is_some());
        let logs = take_some(&mut self.doubted, LOOK_UP_LOGS);
        if logs.is_empty() {
            return;
        }
        self.is_looking = true;
        self.work.push(Box::pin(async move {
            let heads = look_up(&hub.store, &logs).await;
            Done::LookedUp { logs, heads }
        }));
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Asked { peer, logs, answer } => {
                if let Some(owner) = self.owners.get_mut(&peer) {
                    owner.calls -= 1;
                    owner.is_silent = answer.is_err();
                }
                match answer {
                    Ok(FeedReply::Followed(followed)) => self.confirm(&peer, &logs, &followed),
                    Ok(FeedReply::Taken | FeedReply::Unfollowed) | Err(PeerGone) => self.lose(&peer),
                }
            }
            Done::Ended { peer } => {
                if let Some(owner) = self.owners.get_mut(&peer) {
                    owner.calls -= 1;
                }
            }
            Done::LookedUp { logs, heads } => {
                self.is_looking = false;
                match heads {
                    Ok(heads) => heads.into_iter().for_each(|(log, head)| self.hub.promise(log, head)),
                    Err(error) => {
                        tracing::warn!(%error, "the ends of followed logs can't be read yet");
                        self.unanswered.extend(logs.into_iter().filter(|log| self.logs.contains_key(log)));
                    }
                }
            }
        }
    }

    fn confirm(&mut self, peer: &Arc<str>, logs: &[Log], followed: &Followed) {
        let mut elsewhere = HashSet::new();
        for news in &followed.news {
            let Some(log) = logs.get(news.entry).copied() else { continue };
            match news.standing {
                Standing::Renewed => {}
                Standing::New => self.doubt(log),
                Standing::Elsewhere => drop(elsewhere.insert(log)),
            }
            if let Some(head) = news.head {
                self.hub.promise(log, head);
            }
        }
        for log in logs {
            let lease = self.logs.get_mut(log).and_then(|lease| lease.at.iter_mut().find(|(at, _)| at == peer));
            if let Some((_, confirmed)) = lease {
                *confirmed = !elsewhere.contains(log);
                self.judge(*log);
            }
        }
    }

    /// An owner doesn't answer: nothing that it commits is told.
    fn lose(&mut self, peer: &Arc<str>) {
        if let Some(owner) = self.owners.get_mut(peer) {
            owner.due.clear();
        }
        for (log, lease) in &mut self.logs {
            if let Some((_, confirmed)) = lease.at.iter_mut().find(|(at, _)| at == peer) {
                *confirmed = false;
                self.untold.insert(*log);
            }
        }
    }
}

/// Takes up to `limit` logs out of a set.
fn take_some(logs: &mut HashSet<Log>, limit: usize) -> Vec<Log> {
    let some: Vec<Log> = logs.iter().take(limit).copied().collect();
    for log in &some {
        logs.remove(log);
    }
    some
}
