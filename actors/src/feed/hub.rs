//! All logs that somebody follows on this node.

use super::{FeedOptions, SessionFrames, Subscription, WorkspaceFrames, ring::Ring, subscription::Source};
use cowork_domain::{
    ids::{Sequence, SessionId, TenantId, UserId, WorkspaceId},
    session::SessionIdentity,
};
use cowork_store::{Append, Store};
use dashmap::DashMap;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Semaphore;

/// Hands out subscriptions and takes committed events.
#[derive(Debug)]
pub(crate) struct FeedHub {
    pub(super) store: Store,
    pub(super) options: FeedOptions,
    pub(super) tick: AtomicU64,
    pub(super) reads: Arc<Semaphore>,
    sessions: DashMap<SessionId, Arc<SessionFeed>>,
    workspaces: DashMap<WorkspaceId, Arc<WorkspaceFeed>>,
}

#[derive(Debug)]
pub(crate) struct SessionFeed {
    pub(super) identity: Arc<SessionIdentity>,
    pub(super) frames: SessionFrames,
    pub(super) ring: Ring,
}

#[derive(Debug)]
pub(crate) struct WorkspaceFeed {
    pub(super) workspace: WorkspaceId,
    pub(super) frames: WorkspaceFrames,
    pub(super) ring: Ring,
}

impl FeedHub {
    pub(crate) fn new(store: Store, options: FeedOptions) -> Self {
        Self {
            store,
            options,
            tick: AtomicU64::new(0),
            reads: Arc::new(Semaphore::new(options.concurrent_reads)),
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
        let feed = self.sessions.entry(identity.session).or_insert_with(|| {
            let frames = SessionFrames::of(&identity);
            Arc::new(SessionFeed { identity, frames, ring: self.new_ring() })
        });
        let reader = feed.ring.add_reader();
        Subscription::new(self.clone(), Source::Session(feed.clone()), reader, cursor)
    }

    /// Follows all sessions of a user from after `cursor`.
    pub(crate) fn subscribe_workspace(self: &Arc<Self>, tenant: &TenantId, user: &UserId, cursor: Sequence) -> Subscription {
        let workspace = WorkspaceId::of(tenant, user);
        let feed = self.workspaces.entry(workspace).or_insert_with(|| {
            Arc::new(WorkspaceFeed { workspace, frames: WorkspaceFrames::of(tenant.as_str(), user.as_str()), ring: self.new_ring() })
        });
        let reader = feed.ring.add_reader();
        Subscription::new(self.clone(), Source::Workspace(feed.clone()), reader, cursor)
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

    /// Shows what was just committed: first to the session's followers, then to the user's
    /// (contract 01 §3.7). `first` is the workspace sequence of the first event.
    pub(crate) fn publish(&self, append: &Append, first: Sequence) {
        let mut cut = 0;
        if let Some(feed) = self.sessions.get(&append.identity.session) {
            cut += feed.ring.publish(append.events.iter().map(|event| feed.frames.frame(event)));
        }
        if let Some(feed) = self.workspaces.get(&append.workspace) {
            let session = append.identity.session.to_string();
            let frames =
                append.events.iter().zip(first.0..).map(|(event, sequence)| feed.frames.frame(Sequence(sequence), &session, event));
            cut += feed.ring.publish(frames);
        }
        if cut > 0 {
            metrics::counter!("cowork_feed_readers_cut_total").increment(cut as u64);
        }
    }

    /// Something of this session was committed, but how it was numbered is not known here.
    pub(crate) fn forget(&self, session: SessionId, workspace: WorkspaceId) {
        if let Some(feed) = self.sessions.get(&session) {
            feed.ring.forget();
        }
        if let Some(feed) = self.workspaces.get(&workspace) {
            feed.ring.forget();
        }
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

    fn new_ring(&self) -> Ring {
        Ring::new(self.options.ring_bytes, self.options.lag_bytes)
    }
}
