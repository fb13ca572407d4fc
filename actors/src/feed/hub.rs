//! All logs that somebody follows on this node.

use super::{
    FeedOptions, Log, SessionFrames, Subscription, WorkspaceFrames,
    frame::Frame,
    remote::{Followers, Interest},
    ring::{Ring, RingLimits, Shown},
    settled::Settled,
    subscription::Source,
    tail::Mark,
};
use cowork_domain::{
    ids::{Sequence, SessionId, TenantId, UserId, WorkspaceId},
    session::SessionIdentity,
};
use cowork_store::{Append, Store, StoredEvent};
use dashmap::DashMap;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::Semaphore;

/// Hands out subscriptions and takes committed events.
#[derive(Debug)]
pub(crate) struct FeedHub {
    pub(super) store: Store,
    pub(super) options: FeedOptions,
    pub(super) tick: AtomicU64,
    pub(super) reads: Arc<Semaphore>,
    /// Nodes that follow what is committed here.
    pub(super) followers: Followers,
    /// Set once this node brings in what others commit.
    interest: OnceLock<Arc<Interest>>,
    sessions: DashMap<SessionId, Arc<SessionFeed>>,
    workspaces: DashMap<WorkspaceId, Arc<WorkspaceFeed>>,
}

#[derive(Debug)]
pub(crate) struct SessionFeed {
    pub(super) identity: Arc<SessionIdentity>,
    pub(super) log: Log,
    pub(super) frames: SessionFrames,
    pub(super) ring: Ring,
    pub(super) settled: Settled,
    /// Another node may have committed since the ring was last compared with the database.
    strayed: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct WorkspaceFeed {
    pub(super) workspace: WorkspaceId,
    pub(super) frames: WorkspaceFrames,
    pub(super) ring: Ring,
    pub(super) settled: Settled,
}

impl FeedHub {
    pub(crate) fn new(store: Store, options: FeedOptions) -> Self {
        Self {
            store,
            options,
            tick: AtomicU64::new(0),
            reads: Arc::new(Semaphore::new(options.concurrent_reads)),
            followers: Followers::default(),
            interest: OnceLock::new(),
            sessions: DashMap::new(),
            workspaces: DashMap::new(),
        }
    }

    /// Who owns a session that is followed here; identities never change.
    pub(crate) fn known_identity(&self, session: SessionId) -> Option<Arc<SessionIdentity>> {
        self.sessions.get(&session).map(|feed| feed.identity.clone())
    }

    /// Follows a session from after `cursor`.
    pub(crate) fn subscribe_session(self: &Arc<Self>, identity: Arc<SessionIdentity>, cursor: Sequence) -> Subscription {
        let mut fresh = None;
        let (feed, reader) = {
            let feed = self.sessions.entry(identity.session).or_insert_with(|| {
                let frames = SessionFrames::of(&identity);
                let log = Log::Session { session: identity.session, workspace: identity.workspace() };
                fresh = Some(log);
                let (ring, settled) = (self.new_ring(), Settled::default());
                Arc::new(SessionFeed { identity, log, frames, ring, settled, strayed: AtomicBool::new(false) })
            });
            (feed.clone(), feed.ring.add_reader())
        };
        self.tell_interest(fresh, &feed.settled);
        Subscription::new(self.clone(), Source::Session(feed), reader, cursor)
    }

    /// Follows all sessions of a user from after `cursor`.
    pub(crate) fn subscribe_workspace(self: &Arc<Self>, tenant: &TenantId, user: &UserId, cursor: Sequence) -> Subscription {
        let workspace = WorkspaceId::of(tenant, user);
        let mut fresh = None;
        let (feed, reader) = {
            let feed = self.workspaces.entry(workspace).or_insert_with(|| {
                fresh = Some(Log::Workspace(workspace));
                let frames = WorkspaceFrames::of(tenant.as_str(), user.as_str());
                Arc::new(WorkspaceFeed { workspace, frames, ring: self.new_ring(), settled: Settled::default() })
            });
            (feed.clone(), feed.ring.add_reader())
        };
        self.tell_interest(fresh, &feed.settled);
        Subscription::new(self.clone(), Source::Workspace(feed), reader, cursor)
    }

    pub(super) fn unsubscribe(&self, source: &Source, reader: usize) {
        if !source.ring().remove_reader(reader) {
            return;
        }
        match source {
            Source::Session(feed) => drop(self.sessions.remove_if(&feed.identity.session, |_, known| known.ring.is_deserted())),
            Source::Workspace(feed) => drop(self.workspaces.remove_if(&feed.workspace, |_, known| known.ring.is_deserted())),
        }
    }

    /// Shows what was just committed here: first to the session's followers, then to the user's
    /// (contract 01 §3.7), then to other nodes. `first` is the workspace sequence of the first event.
    pub(crate) fn publish(&self, append: &Append, first: Sequence) {
        self.show(append.identity.session, append.workspace, &append.events, first);
        self.followers.publish(append, first);
    }

    /// Shows what some node committed to the followers on this one.
    pub(super) fn show(&self, session: SessionId, workspace: WorkspaceId, events: &[StoredEvent], first: Sequence) {
        if let Some(feed) = self.sessions.get(&session) {
            let shown = feed.ring.publish(events.iter().map(|event| feed.frames.frame(event)));
            self.after(shown, || Source::Session(feed.clone()));
        }
        if let Some(feed) = self.workspaces.get(&workspace) {
            let session = session.to_string();
            let frames = events.iter().zip(first.0..).map(|(event, sequence)| feed.frames.frame(Sequence(sequence), &session, event));
            let shown = feed.ring.publish(frames);
            self.after(shown, || Source::Workspace(feed.clone()));
        }
    }

    /// Something of this session was committed, but how it was numbered is not known here.
    pub(crate) fn forget(&self, session: SessionId, workspace: WorkspaceId) {
        for log in [Log::Session { session, workspace }, Log::Workspace(workspace)] {
            self.forget_log(log);
        }
        self.followers.forget(session, workspace);
    }

    /// One tick for all streams: those that were silent since the last one send a comment.
    pub(crate) fn keep_alive(&self) {
        self.tick.fetch_add(1, Ordering::Relaxed);
        self.sessions.iter().for_each(|feed| feed.ring.wake_all());
        self.workspaces.iter().for_each(|feed| feed.ring.wake_all());
    }

    /// Logs that are followed now: sessions and workspaces.
    pub(crate) fn followed(&self) -> (usize, usize) {
        (self.sessions.len(), self.workspaces.len())
    }

    /// A page that a reader brought from the database.
    pub(super) fn offer_history(&self, source: &Source, page: Vec<Frame>, head: Option<u64>, mark: Mark) {
        let shown = source.ring().offer_history(page, head, mark);
        self.after(shown, || source.clone_ref());
    }

    fn after(&self, shown: Shown, source: impl FnOnce() -> Source) {
        if shown.cut > 0 {
            metrics::counter!("cowork_feed_readers_cut_total").increment(shown.cut as u64);
        }
        if shown.begins_to_wait
            && let Some(interest) = self.interest.get()
        {
            interest.look_after(source());
        }
    }

    fn tell_interest(&self, fresh: Option<Log>, settled: &Settled) {
        let Some(log) = fresh else { return };
        match self.interest.get() {
            Some(interest) => {
                if interest.is_only_here(log) {
                    settled.settle();
                }
                interest.add(log);
            }
            None => settled.settle(),
        }
    }

    fn new_ring(&self) -> Ring {
        let FeedOptions { ring_bytes, lag_bytes, .. } = self.options;
        // Alone, a node's commits come in order, and nobody looks after what waits.
        let early_bytes = if self.interest.get().is_some() { ring_bytes / 4 } else { 0 };
        Ring::new(RingLimits { ring_bytes, lag_bytes, early_bytes })
    }
}

/// What only the part for other nodes does.
impl FeedHub {
    /// From now on other nodes may commit what is followed here.
    pub(super) fn bring_in(&self, interest: Arc<Interest>) {
        assert!(self.interest.set(interest).is_ok(), "a hub is joined to other nodes once");
    }

    /// All logs that are followed here.
    pub(super) fn logs(&self) -> Vec<Log> {
        let sessions = self.sessions.iter().map(|feed| feed.log);
        sessions.chain(self.workspaces.iter().map(|feed| Log::Workspace(feed.workspace))).collect()
    }

    /// Runs something on a log, if it is followed here.
    pub(super) fn with<T>(&self, log: Log, visit: impl FnOnce(&Source) -> T) -> Option<T> {
        let source = match log {
            Log::Session { session, .. } => Source::Session(self.sessions.get(&session)?.clone()),
            Log::Workspace(workspace) => Source::Workspace(self.workspaces.get(&workspace)?.clone()),
        };
        Some(visit(&source))
    }

    /// See [`Ring::promise`].
    pub(super) fn promise(&self, log: Log, head: u64) {
        self.with(log, |source| {
            let shown = source.ring().promise(head);
            self.after(shown, || source.clone_ref());
        });
    }

    /// See [`Ring::announce`].
    pub(super) fn announce(&self, log: Log, head: u64) {
        self.with(log, |source| {
            let (is_news, shown) = source.ring().announce(head);
            if is_news {
                metrics::counter!("cowork_feed_remote_catch_ups_total").increment(1);
            }
            self.after(shown, || source.clone_ref());
        });
    }

    /// See [`Ring::forget`].
    pub(super) fn forget_log(&self, log: Log) {
        self.with(log, |source| source.ring().forget());
    }

    /// Notes all sessions for which another node may commit.
    pub(super) fn note_strayed(&self, is_here: impl Fn(SessionId) -> bool) {
        for feed in &self.sessions {
            if !is_here(feed.identity.session) {
                feed.strayed.store(true, Ordering::Release);
            }
        }
    }

    /// Whether another node may have committed in a session since this was last asked.
    pub(super) fn take_strayed(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|feed| feed.strayed.swap(false, Ordering::AcqRel))
    }
}
