//! The end of a log as far as this node has it: the newest frames without a hole, and what came
//! before its turn.
//!
//! Places are given out under a lock that is held until the commit: when one is visible in the
//! database, so is everything before it. That is why a tail may jump over a hole at any time: readers
//! find the missing part in the database.

use super::frame::Frame;
use crate::{clock::Clock, invariants::count_violation};
use bytes::{Bytes, BytesMut};
use cowork_domain::{invariant, invariant::InvariantId};
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Contiguous and ascending; if there are any, the last one is the head.
    frames: VecDeque<Frame>,
    bytes: usize,
    /// Sequence of the newest event that readers are told about, once anybody knows it.
    head: Option<u64>,
    /// Everything up to here is known to be committed; it may still be on its way to us.
    promised: u64,
    /// Frames behind a hole that somebody else is about to fill.
    early: BTreeMap<u64, Frame>,
    early_bytes: usize,
    /// Since when the next frame has been missed.
    waiting_since: Option<Instant>,
    /// Counts the moments at which what a reader read before no longer tells the head.
    doubts: u64,
    /// Bytes that came to the head since the tail exists: the measure of a reader's lag.
    published: u64,
    /// The last run that was put together, shared by all readers at the same cursor.
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    after: u64,
    last: u64,
    bytes: Bytes,
}

/// What was known when a reader went to the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    doubts: u64,
    known: u64,
}

impl Tail {
    pub(super) fn head(&self) -> Option<u64> {
        self.head
    }

    pub(super) fn published(&self) -> u64 {
        self.published
    }

    /// Takes a committed frame. One that comes before its turn is kept while those do not fill
    /// `early_bytes`; with zero, the tail jumps to it.
    pub(super) fn accept(&mut self, frame: Frame, early_bytes: usize) {
        match self.head {
            Some(head) if frame.sequence <= head => {}
            Some(head) if frame.sequence > head + 1 => {
                self.early_bytes += frame.bytes.len();
                if let Some(twin) = self.early.insert(frame.sequence, frame) {
                    self.early_bytes -= twin.bytes.len();
                }
                if self.early_bytes > early_bytes {
                    self.give_up();
                }
            }
            _ => {
                self.append(frame);
                self.catch_up_early();
            }
        }
    }

    /// The log is known to reach `head`, but the frames will not come: readers look into the database.
    pub(super) fn announce(&mut self, head: u64) -> bool {
        self.promised = self.promised.max(head);
        let is_news = self.head.is_some_and(|known| known < head);
        if is_news {
            self.jump(head);
        }
        is_news
    }

    /// The log is known to reach `head`; the frames may be on their way.
    pub(super) fn promise(&mut self, head: u64) {
        self.promised = self.promised.max(head);
    }

    /// Nobody knows where the log ends any more.
    pub(super) fn forget(&mut self) {
        *self = Self { published: self.published, doubts: self.doubts + 1, ..Self::default() };
    }

    /// Commits may have passed unseen until now. Returns whether the head that is known here must be
    /// compared with the database; if none is known, the next reader finds it.
    pub(super) fn doubt(&mut self) -> bool {
        self.doubts += 1;
        self.head.is_some()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { doubts: self.doubts, known: self.head.unwrap_or_default().max(self.promised) }
    }

    /// Whether frames or promises wait for something. The time of waiting begins anew when the head
    /// moves.
    pub(super) fn waits(&mut self, head_before: Option<u64>) -> bool {
        let waits = self.head.is_some_and(|head| head < self.promised || !self.early.is_empty());
        let moved = self.head != head_before;
        match (waits, self.waiting_since) {
            (false, _) => self.waiting_since = None,
            (true, Some(_)) if !moved => {}
            (true, _) => self.waiting_since = Some(Clock.instant()),
        }
        waits
    }

    /// Jumps over what has been missed for too long.
    pub(super) fn jump_if_overdue(&mut self, now: Instant, patience: Duration) -> bool {
        let is_overdue = self.waiting_since.is_some_and(|since| now.saturating_duration_since(since) >= patience);
        if is_overdue {
            self.give_up();
        }
        is_overdue
    }

    /// A page from the database and, if its reader reached the end of the log, the head it saw.
    pub(super) fn offer_history(&mut self, page: Vec<Frame>, head: Option<u64>, mark: Mark, ring_bytes: usize) {
        if let Some(seen) = head
            && seen < mark.known
        {
            // What was known before the reader looked must have been there: whoever told it was wrong.
            tracing::warn!(seen, claimed = mark.known, "a log is shorter than it was said to be");
            self.forget();
            self.head = head;
        }
        if self.head.is_none() && mark.doubts == self.doubts && head.is_some_and(|seen| seen >= self.promised) {
            self.head = head;
        }
        let Some(known) = self.head else { return };
        let front = self.frames.front().map_or(known + 1, |frame| frame.sequence);
        let (older, newer): (Vec<Frame>, Vec<Frame>) = page.into_iter().partition(|frame| frame.sequence < front);
        if older.last().is_some_and(|frame| frame.sequence + 1 == front) {
            self.prepend(older, ring_bytes);
        }
        for frame in newer {
            if self.head.is_some_and(|known| frame.sequence == known + 1) {
                self.append(frame);
            }
        }
        match head {
            Some(seen) if self.head.is_some_and(|known| known < seen) => self.jump(seen),
            _ => self.catch_up_early(),
        }
    }

    /// Gives back memory: readers that still need the oldest frames read the database.
    pub(super) fn trim(&mut self, ring_bytes: usize) {
        while self.bytes > ring_bytes && self.frames.len() > 1 {
            let oldest = self.frames.pop_front().expect("the tail holds more than one frame");
            self.bytes -= oldest.bytes.len();
        }
    }

    pub(super) fn reaches(&self, cursor: u64) -> bool {
        match (self.head, self.frames.front()) {
            (Some(head), _) if cursor >= head => true,
            (_, Some(oldest)) => oldest.sequence <= cursor + 1,
            _ => false,
        }
    }

    /// Everything after a cursor that the tail reaches and that is before `head`.
    pub(super) fn run_after(&mut self, cursor: u64, head: u64) -> Bytes {
        if let Some(run) = &self.run
            && (run.after, run.last) == (cursor, head)
        {
            return run.bytes.clone();
        }
        let oldest = self.frames.front().map_or(0, |frame| frame.sequence);
        let skip = usize::try_from((cursor + 1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        let first = self.frames.get(skip).map(|frame| frame.sequence);
        invariant!(first == Some(cursor + 1), InvariantId::I4, count_violation);
        let bytes = if self.frames.len() - skip.min(self.frames.len()) == 1 {
            self.frames[skip].bytes.clone()
        } else {
            let mut joined = BytesMut::with_capacity(self.frames.iter().skip(skip).map(|frame| frame.bytes.len()).sum());
            self.frames.iter().skip(skip).for_each(|frame| joined.extend_from_slice(&frame.bytes));
            joined.freeze()
        };
        self.run = Some(Run { after: cursor, last: head, bytes: bytes.clone() });
        bytes
    }

    fn append(&mut self, frame: Frame) {
        self.run = None;
        self.head = Some(frame.sequence);
        self.bytes += frame.bytes.len();
        self.published += frame.bytes.len() as u64;
        self.frames.push_back(frame);
    }

    fn prepend(&mut self, page: Vec<Frame>, ring_bytes: usize) {
        for frame in page.into_iter().rev() {
            if self.bytes + frame.bytes.len() > ring_bytes {
                break;
            }
            self.bytes += frame.bytes.len();
            self.frames.push_front(frame);
        }
    }

    /// Appends early frames whose turn has come, and drops those that came another way.
    fn catch_up_early(&mut self) {
        while let Some(entry) = self.early.first_entry()
            && let Some(head) = self.head
            && *entry.key() <= head + 1
        {
            let frame = entry.remove();
            self.early_bytes -= frame.bytes.len();
            if frame.sequence == head + 1 {
                self.append(frame);
            }
        }
    }

    /// Jumps to the newest that is known.
    fn give_up(&mut self) {
        let newest = self.early.last_key_value().map_or(0, |(sequence, _)| *sequence).max(self.promised);
        if self.head.is_some_and(|head| head < newest) {
            self.jump(newest);
        }
    }

    /// Moves the head over a hole. Early frames that end there stay; readers behind them read pages.
    fn jump(&mut self, to: u64) {
        self.frames.clear();
        self.bytes = 0;
        self.run = None;
        let mut first = to + 1;
        while self.early.contains_key(&(first - 1)) {
            first -= 1;
        }
        self.head = Some(first - 1);
        self.catch_up_early();
    }
}
