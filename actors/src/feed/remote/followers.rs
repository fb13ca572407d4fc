//! Who follows what is committed on this node.

use super::{
    outbox::{Committed, Outbox},
    wire::{FollowNews, FollowedLog, Standing},
};
use crate::feed::Log;
use cowork_domain::ids::{Sequence, SessionId, WorkspaceId};
use cowork_store::Append;
use dashmap::DashMap;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

/// Logs by workspace, so that a commit costs one look-up for its session and its user's stream.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    workspaces: DashMap<WorkspaceId, Followed>,
    /// Logs that are followed: while there are none, a commit costs nothing.
    count: AtomicUsize,
    /// Also the lock of all changes of the table. Commits don't need it.
    outboxes: Mutex<HashMap<Arc<str>, Arc<Outbox>>>,
}

/// A workspace of which at least one log is followed.
#[derive(Debug, Default)]
struct Followed {
    stream: Option<LogFollowers>,
    sessions: HashMap<SessionId, LogFollowers>,
}

#[derive(Debug, Default)]
struct LogFollowers {
    /// The last place committed here since the log is followed; zero: none.
    last: AtomicU64,
    followers: Vec<Follower>,
}

#[derive(Debug)]
struct Follower {
    outbox: Arc<Outbox>,
    /// End of the lease.
    until: Instant,
}

impl Followers {
    /// Hands what was just committed to all who follow it. Never waits.
    pub(crate) fn publish(&self, append: &Append, first: Sequence) {
        if self.count.load(Ordering::SeqCst) == 0 || append.events.is_empty() {
            return;
        }
        let Some(followed) = self.workspaces.get(&append.workspace) else { return };
        let session = followed.sessions.get(&append.identity.session);
        let stream = followed.stream.as_ref();
        let count = append.events.len() as u64;
        if let Some(log) = session {
            log.last.fetch_max(append.first.0 + count - 1, Ordering::Relaxed);
        }
        if let Some(log) = stream {
            log.last.fetch_max(first.0 + count - 1, Ordering::Relaxed);
        }
        let (of_session, of_stream) = (followers(session), followers(stream));
        if of_session.is_empty() && of_stream.is_empty() {
            return;
        }
        let committed = Arc::new(Committed::of(append, first));
        for follower in of_session {
            follower.outbox.add(&committed, true, holds(of_stream, &follower.outbox));
        }
        for follower in of_stream.iter().filter(|follower| !holds(of_session, &follower.outbox)) {
            follower.outbox.add(&committed, false, true);
        }
    }

    /// Something was committed, but how it was numbered is not known.
    pub(crate) fn forget(&self, session: SessionId, workspace: WorkspaceId) {
        let Some(followed) = self.workspaces.get(&workspace) else { return };
        for follower in followers(followed.sessions.get(&session)) {
            follower.outbox.add_unknown(Log::Session { session, workspace });
        }
        for follower in followers(followed.stream.as_ref()) {
            follower.outbox.add_unknown(Log::Workspace(workspace));
        }
    }

    /// Follows a log for `peer`, or renews that. `None` when there is nothing to tell. The outbox of a
    /// new peer is given to `open`, which must see to its being emptied.
    pub(super) fn follow(
        &self,
        peer: &str,
        entry: usize,
        followed: &FollowedLog,
        until: Instant,
        open: impl FnOnce(Arc<str>, Arc<Outbox>),
    ) -> Option<FollowNews> {
        let mut outboxes = self.outboxes.lock();
        let outbox = outboxes.get(peer).cloned().unwrap_or_else(|| {
            let (name, outbox) = (Arc::<str>::from(peer), Arc::new(Outbox::default()));
            outboxes.insert(name.clone(), outbox.clone());
            open(name, outbox.clone());
            outbox
        });
        let mut workspace = self.workspaces.entry(followed.log.workspace()).or_default();
        let log = match followed.log {
            Log::Session { session, .. } => workspace.sessions.entry(session).or_default(),
            Log::Workspace(_) => workspace.stream.get_or_insert_default(),
        };
        if log.followers.is_empty() {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
        let standing = match log.followers.iter_mut().find(|follower| Arc::ptr_eq(&follower.outbox, &outbox)) {
            Some(known) => {
                known.until = until;
                Standing::Renewed
            }
            None => {
                log.followers.push(Follower { outbox, until });
                Standing::New
            }
        };
        let last = log.last.load(Ordering::Relaxed);
        let head = followed.head.filter(|head| *head < last).map(|_| last);
        (standing == Standing::New || head.is_some()).then_some(FollowNews { entry, standing, head })
    }

    /// Ends a log's being followed by a peer.
    pub(super) fn unfollow(&self, peer: &str, log: Log) {
        let outboxes = self.outboxes.lock();
        let Some(outbox) = outboxes.get(peer) else { return };
        self.retain_in(log.workspace(), |known, follower| known != log || !Arc::ptr_eq(&follower.outbox, outbox));
    }

    /// Ends the following of sessions that are committed elsewhere: whoever follows one here again
    /// learns that it missed something.
    pub(super) fn drop_strangers(&self, is_here: impl Fn(SessionId) -> bool) {
        let _changing = self.outboxes.lock();
        self.retain(|log, _| match log {
            Log::Session { session, .. } => is_here(session),
            Log::Workspace(_) => true,
        });
    }

    /// Forgets followers whose lease ended, and closes the outboxes of nodes that follow nothing.
    pub(super) fn sweep(&self, now: Instant) {
        let mut outboxes = self.outboxes.lock();
        self.retain(|_, follower| follower.until > now);
        let mut used = HashSet::new();
        for followed in &self.workspaces {
            for log in followed.sessions.values().chain(followed.stream.as_ref()) {
                used.extend(log.followers.iter().map(|follower| Arc::as_ptr(&follower.outbox)));
            }
        }
        outboxes.retain(|_, outbox| {
            let is_used = used.contains(&Arc::as_ptr(outbox));
            if !is_used {
                outbox.close();
            }
            is_used
        });
    }

    /// Logs that others follow here, and bytes that wait for them.
    pub(super) fn load(&self) -> (usize, usize) {
        let waiting = self.outboxes.lock().values().map(|outbox| outbox.bytes()).sum();
        (self.count.load(Ordering::Relaxed), waiting)
    }

    fn retain(&self, keep: impl Fn(Log, &Follower) -> bool) {
        self.workspaces.retain(|workspace, followed| {
            self.count.fetch_sub(followed.retain(*workspace, &keep), Ordering::SeqCst);
            !followed.is_empty()
        });
    }

    fn retain_in(&self, workspace: WorkspaceId, keep: impl Fn(Log, &Follower) -> bool) {
        self.workspaces.remove_if_mut(&workspace, |_, followed| {
            self.count.fetch_sub(followed.retain(workspace, &keep), Ordering::SeqCst);
            followed.is_empty()
        });
    }
}

impl Followed {
    /// Returns how many logs lost their last follower.
    fn retain(&mut self, workspace: WorkspaceId, keep: &impl Fn(Log, &Follower) -> bool) -> usize {
        let before = self.logs();
        if let Some(stream) = &mut self.stream {
            stream.followers.retain(|follower| keep(Log::Workspace(workspace), follower));
        }
        self.stream.take_if(|stream| stream.followers.is_empty());
        self.sessions.retain(|session, log| {
            let session = *session;
            log.followers.retain(|follower| keep(Log::Session { session, workspace }, follower));
            !log.followers.is_empty()
        });
        before - self.logs()
    }

    fn logs(&self) -> usize {
        self.sessions.len() + usize::from(self.stream.is_some())
    }

    fn is_empty(&self) -> bool {
        self.logs() == 0
    }
}

fn followers(log: Option<&LogFollowers>) -> &[Follower] {
    log.map_or(&[], |log| &log.followers)
}

fn holds(followers: &[Follower], outbox: &Arc<Outbox>) -> bool {
    followers.iter().any(|follower| Arc::ptr_eq(&follower.outbox, outbox))
}
