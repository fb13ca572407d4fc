//! One reader of one log: replay from the database, then live frames, without gap or repeat.

use super::{
    CutSwitch, FeedHub,
    frame::{Frame, Gap},
    hub::{SessionFeed, WorkspaceFeed},
    ring::{Ring, Taken},
    settled::Settled,
    tail::Mark,
};
use crate::clock::Clock;
use bytes::{Bytes, BytesMut};
use cowork_domain::ids::Sequence;
use cowork_store::StoreError;
use futures_util::Stream;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

static KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// A stream of ready-made server-sent events: whole frames, several at once where several wait,
/// and keep-alive comments. It ends when the database cannot be read; the client resumes by cursor.
///
/// Guarantees (invariant I4): sequences strictly ascend without a hole, except after a
/// `snapshot.required` event, which names the cursor from which something is missing.
#[must_use = "a subscription keeps its ring alive until it is dropped"]
pub struct Subscription {
    hub: Arc<FeedHub>,
    source: Source,
    reader: usize,
    cursor: u64,
    /// The first page of an initial hydration may start anywhere (contract 00 §9.2).
    hydrating: bool,
    tick_seen: u64,
    reading: Option<Reading>,
}

type Reading = Pin<Box<dyn Future<Output = Result<Page, StoreError>> + Send>>;

enum Page {
    /// While waiting for a permit, the ring was filled by somebody else.
    UseRing,
    /// `head`: the newest sequence, if the page ends there.
    Events { frames: Vec<Frame>, head: Option<u64>, mark: Mark },
    /// The page starts too late: retention removed what the cursor needs.
    Hole(Gap),
}

#[derive(Debug)]
pub(super) enum Source {
    Session(Arc<SessionFeed>),
    Workspace(Arc<WorkspaceFeed>),
}

impl Source {
    pub(super) fn ring(&self) -> &Ring {
        match self {
            Self::Session(feed) => &feed.ring,
            Self::Workspace(feed) => &feed.ring,
        }
    }

    pub(super) fn settled(&self) -> &Settled {
        match self {
            Self::Session(feed) => &feed.settled,
            Self::Workspace(feed) => &feed.settled,
        }
    }

    pub(super) fn clone_ref(&self) -> Self {
        match self {
            Self::Session(feed) => Self::Session(feed.clone()),
            Self::Workspace(feed) => Self::Workspace(feed.clone()),
        }
    }

    async fn read(&self, hub: &FeedHub, cursor: u64) -> Result<Vec<Frame>, StoreError> {
        let after = Sequence(cursor);
        match self {
            Self::Session(feed) => {
                let events = hub.store.read_events(feed.identity.session, after, hub.options.page).await?;
                Ok(events.iter().map(|event| feed.frames.frame(event)).collect())
            }
            Self::Workspace(feed) => {
                let events = hub.store.read_workspace_events(feed.workspace, after, hub.options.page).await?;
                let frame = |event: &cowork_store::StoredWorkspaceEvent| {
                    feed.frames.frame(event.workspace_sequence, &event.session.to_string(), &event.event)
                };
                Ok(events.iter().map(frame).collect())
            }
        }
    }

    async fn latest(&self, hub: &FeedHub) -> Result<u64, StoreError> {
        let bounds = match self {
            Self::Session(feed) => hub.store.session_bounds(feed.identity.session).await?,
            Self::Workspace(feed) => hub.store.workspace_bounds(feed.workspace).await?,
        };
        Ok(bounds.latest.0)
    }

    fn snapshot_required(&self, gap: Gap) -> Bytes {
        let now = Clock.now();
        match self {
            Self::Session(feed) => feed.frames.snapshot_required(gap, now),
            Self::Workspace(feed) => feed.frames.snapshot_required(gap, now),
        }
    }
}

impl Subscription {
    pub(super) fn new(hub: Arc<FeedHub>, source: Source, reader: usize, cursor: Sequence) -> Self {
        let tick_seen = hub.tick.load(Ordering::Relaxed);
        Self { hub, source, reader, cursor: cursor.0, hydrating: cursor == Sequence::ZERO, tick_seen, reading: None }
    }

    /// Trips this switch when the reader falls too far behind.
    pub fn cut_with(&mut self, cut: CutSwitch) {
        self.source.ring().cut_with(self.reader, cut);
    }

    /// Sequence of the last event that was handed out.
    pub fn cursor(&self) -> Sequence {
        Sequence(self.cursor)
    }

    fn start_reading(&self) -> Reading {
        let hub = self.hub.clone();
        let source = self.source.clone_ref();
        let (cursor, hydrating) = (self.cursor, self.hydrating);
        Box::pin(async move {
            source.settled().wait().await;
            let _permit = hub.reads.clone().acquire_owned().await.expect("the semaphore is never closed");
            if source.ring().reaches(cursor) {
                return Ok(Page::UseRing);
            }
            let mark = source.ring().mark();
            let frames = source.read(&hub, cursor).await?;
            let complete = frames.len() < hub.options.page as usize;
            let head = match frames.last() {
                Some(last) if complete => Some(last.sequence),
                Some(_) => None,
                None if cursor == 0 => Some(0),
                None => Some(source.latest(&hub).await?),
            };
            let first = frames.first().map_or(cursor + 1, |frame| frame.sequence);
            let holed = frames.windows(2).any(|pair| pair[1].sequence != pair[0].sequence + 1);
            if (first > cursor + 1 && !hydrating) || holed {
                let latest = source.latest(&hub).await?;
                return Ok(Page::Hole(Gap { cursor, earliest: first, latest }));
            }
            Ok(Page::Events { frames, head, mark })
        })
    }

    fn emit(&mut self, cursor: u64, bytes: Bytes) -> Poll<Option<Bytes>> {
        self.cursor = cursor;
        self.hydrating = false;
        self.tick_seen = self.hub.tick.load(Ordering::Relaxed);
        Poll::Ready(Some(bytes))
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        loop {
            if let Some(reading) = &mut this.reading {
                let Poll::Ready(page) = reading.as_mut().poll(context) else { return Poll::Pending };
                this.reading = None;
                match page {
                    Err(error) => {
                        tracing::warn!(%error, "a stream ends because its log cannot be read");
                        return Poll::Ready(None);
                    }
                    Ok(Page::UseRing) => {}
                    Ok(Page::Hole(gap)) => {
                        let notice = this.source.snapshot_required(gap);
                        return this.emit(gap.latest, notice);
                    }
                    Ok(Page::Events { frames, head, mark }) => {
                        let last = frames.last().map(|frame| frame.sequence);
                        let bytes = join(&frames);
                        this.hub.offer_history(&this.source, frames, head, mark);
                        if let Some(last) = last {
                            return this.emit(last, bytes);
                        }
                    }
                }
            }
            match this.source.ring().take(this.reader, this.cursor, context.waker()) {
                Taken::Frames(bytes, cursor) => return this.emit(cursor, bytes),
                Taken::Behind => this.reading = Some(this.start_reading()),
                Taken::Nothing => {
                    let tick = this.hub.tick.load(Ordering::Relaxed);
                    if tick > this.tick_seen {
                        this.tick_seen = tick;
                        return Poll::Ready(Some(KEEP_ALIVE.clone()));
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.unsubscribe(&self.source, self.reader);
    }
}

fn join(frames: &[Frame]) -> Bytes {
    if let [only] = frames {
        return only.bytes.clone();
    }
    let mut joined = BytesMut::with_capacity(frames.iter().map(|frame| frame.bytes.len()).sum());
    frames.iter().for_each(|frame| joined.extend_from_slice(&frame.bytes));
    joined.freeze()
}
