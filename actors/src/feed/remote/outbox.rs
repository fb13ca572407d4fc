//! What waits to be pushed to one node: bounded, because whatever does not fit is named instead of sent.

use super::wire::{BATCH_BYTES, Batch, NOTICE_BYTES, Notice, NoticedHead, PUSH_BYTES, Push, PushedEvent, pushed_bytes};
use crate::feed::Log;
use cowork_domain::ids::{Sequence, SessionId, WorkspaceId};
use cowork_store::{Append, StoredEvent};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

/// Bytes of events that wait for one node.
pub(super) const OUTBOX_BYTES: usize = 1024 * 1024;
/// What an event costs in memory beside its payload.
const EVENT_OVERHEAD: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Waiting>,
    bytes: usize,
    /// By log, so that there are as many as the node follows at the most.
    notices: HashMap<Log, NoticedHead>,
    is_closed: bool,
}

/// What one append committed.
#[derive(Debug)]
pub(super) struct Committed {
    session: SessionId,
    workspace: WorkspaceId,
    /// Place of the first event in the workspace.
    first: Sequence,
    events: Vec<StoredEvent>,
}

#[derive(Debug)]
struct Waiting {
    committed: Arc<Committed>,
    /// Events before this one were sent already.
    from: usize,
    /// Which of its two logs the node follows.
    session: bool,
    workspace: bool,
}

/// A push, and what must be said if it is lost.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) push: Push,
    pub(super) otherwise: HashMap<Log, NoticedHead>,
}

/// Why events are named instead of sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reason {
    TooLarge,
    Full,
    Lost,
    Unnumbered,
}

impl Reason {
    fn count(self, notices: usize) {
        let reason = match self {
            Self::TooLarge => "too_large",
            Self::Full => "full",
            Self::Lost => "lost",
            Self::Unnumbered => "unnumbered",
        };
        metrics::counter!("cowork_feed_remote_head_notices_total", "reason" => reason).increment(notices as u64);
    }
}

impl Committed {
    pub(super) fn of(append: &Append, first: Sequence) -> Self {
        Self { session: append.identity.session, workspace: append.workspace, first, events: append.events.clone() }
    }
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.committed.events[self.from..].iter().map(|event| event.payload.len() + EVENT_OVERHEAD).sum()
    }

    /// The notices that stand for the events before `end`.
    fn notices(&self, end: usize) -> impl Iterator<Item = (Log, NoticedHead)> + use<> {
        let Committed { session, workspace, first, ref events } = *self.committed;
        let last = events[end - 1].sequence.0;
        let of_session = self.session.then_some((Log::Session { session, workspace }, NoticedHead::At(last)));
        let of_workspace = self.workspace.then_some((Log::Workspace(workspace), NoticedHead::At(first.0 + end as u64 - 1)));
        of_session.into_iter().chain(of_workspace)
    }
}

impl Outbox {
    /// Queues a commit. If it doesn't fit, the whole queue becomes notices: its readers need the database
    /// anyway, and what comes next is sent again.
    pub(super) fn add(&self, committed: &Arc<Committed>, session: bool, workspace: bool) {
        let waiting = Waiting { committed: committed.clone(), from: 0, session, workspace };
        let bytes = waiting.bytes();
        let mut state = self.state.lock();
        state.queue.push_back(waiting);
        state.bytes += bytes;
        if state.bytes > OUTBOX_BYTES {
            state.collapse(Reason::Full);
        }
        drop(state);
        self.news.notify_one();
    }

    /// Something was committed in this log that nobody can number. What waits is told by notices, so that
    /// nothing that is older than this one comes after it.
    pub(super) fn add_unknown(&self, log: Log) {
        let mut state = self.state.lock();
        state.collapse(Reason::Unnumbered);
        state.notices.insert(log, NoticedHead::Unknown);
        drop(state);
        self.news.notify_one();
    }

    /// A push was lost, or may have been.
    pub(super) fn give_back(&self, lost: HashMap<Log, NoticedHead>) {
        Reason::Lost.count(lost.len());
        let mut state = self.state.lock();
        for (log, head) in lost {
            state.notice(log, head);
        }
        drop(state);
        self.news.notify_one();
    }

    pub(super) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.news.notify_one();
    }

    /// The next push, as full as it may be; waits for something to push. `None`: closed.
    pub(super) async fn next(&self) -> Option<Outgoing> {
        loop {
            {
                let mut state = self.state.lock();
                if state.is_closed {
                    return None;
                }
                if let Some(outgoing) = state.fill() {
                    return Some(outgoing);
                }
            }
            self.news.notified().await;
        }
    }
}

impl State {
    fn notice(&mut self, log: Log, head: NoticedHead) {
        self.notices.entry(log).and_modify(|known| *known = known.and(head)).or_insert(head);
    }

    fn collapse(&mut self, reason: Reason) {
        let before = self.notices.len();
        for waiting in std::mem::take(&mut self.queue) {
            let notices = waiting.notices(waiting.committed.events.len());
            for (log, head) in notices {
                self.notice(log, head);
            }
        }
        self.bytes = 0;
        reason.count(self.notices.len() - before);
    }

    fn fill(&mut self) -> Option<Outgoing> {
        let mut outgoing = Outgoing::default();
        let mut room = PUSH_BYTES;
        let noticed: Vec<Log> = self.notices.keys().take(room / NOTICE_BYTES).copied().collect();
        for log in noticed {
            let head = self.notices.remove(&log).expect("it was just found");
            outgoing.push.notices.push(Notice { log, head });
            outgoing.otherwise.insert(log, head);
            room -= NOTICE_BYTES;
        }
        while let Some(mut waiting) = self.queue.pop_front() {
            let before = waiting.bytes();
            let is_done = outgoing.take(&mut waiting, &mut room, self);
            self.bytes -= before - waiting.bytes();
            if !is_done {
                self.queue.push_front(waiting);
                break;
            }
        }
        if !outgoing.otherwise.is_empty() {
            return Some(outgoing);
        }
        // What was found to be too large for any push left notices behind.
        if self.notices.is_empty() { None } else { self.fill() }
    }
}

impl Outgoing {
    /// Takes events while there is room. Returns whether all were taken.
    fn take(&mut self, waiting: &mut Waiting, room: &mut usize, state: &mut State) -> bool {
        let committed = waiting.committed.clone();
        let Committed { session, workspace, first, ref events } = *committed;
        while waiting.from < events.len() {
            if BATCH_BYTES + pushed_bytes(&events[waiting.from]) > PUSH_BYTES {
                // No push can carry it. It is told by the next one, after what was taken before it.
                let end = waiting.from + 1;
                for (log, head) in waiting.notices(end) {
                    state.notice(log, head);
                }
                Reason::TooLarge.count(1);
                waiting.from = end;
                continue;
            }
            let mut batch = Batch { session, workspace, first: Sequence(first.0 + waiting.from as u64), events: Vec::new() };
            let mut left = room.saturating_sub(BATCH_BYTES);
            for event in &events[waiting.from..] {
                let bytes = pushed_bytes(event);
                if bytes > left {
                    break;
                }
                left -= bytes;
                batch.events.push(PushedEvent::of(event));
            }
            if batch.events.is_empty() {
                return false;
            }
            waiting.from += batch.events.len();
            *room = left;
            self.push.batches.push(batch);
            for (log, head) in waiting.notices(waiting.from) {
                self.otherwise.entry(log).and_modify(|known| *known = known.and(head)).or_insert(head);
            }
        }
        true
    }
}
