//! The tail of one log, and those who follow it.

use super::{
    CutReason, CutSwitch,
    frame::Frame,
    tail::{Mark, Patience, Tail},
};
use bytes::Bytes;
use parking_lot::Mutex;
use slab::Slab;
use std::{task::Waker, time::Instant};

/// Bounds of a ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingLimits {
    /// Bytes that are kept for readers that are a little behind.
    pub(crate) ring_bytes: usize,
    /// Bytes by which a reader may fall behind before it is cut.
    pub(crate) lag_bytes: u64,
    /// Bytes of frames that may wait for their turn; zero: nobody looks after frames that wait.
    pub(crate) early_bytes: usize,
}

/// A log that somebody follows.
#[derive(Debug)]
pub(crate) struct Ring {
    inner: Mutex<Inner>,
    limits: RingLimits,
}

#[derive(Debug, Default)]
struct Inner {
    tail: Tail,
    readers: Slab<Reader>,
    /// Somebody was told to look after what waits here.
    is_watched: bool,
}

#[derive(Debug)]
struct Reader {
    waker: Option<Waker>,
    /// `published` when this reader last took something or was found idle.
    position: u64,
    cut: Option<CutSwitch>,
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Everything after its cursor; the new cursor.
    Frames(Bytes, u64),
    /// Nothing yet; its waker is registered.
    Nothing,
    /// The ring doesn't reach back to its cursor: read the database.
    Behind,
}

/// What a change of the ring led to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "a ring that waits must be looked after"]
pub(crate) struct Shown {
    /// Readers that were too far behind.
    pub(crate) cut: usize,
    /// From now on something waits here: [`Ring::jump_if_overdue`] must be called until it says that nothing does.
    pub(crate) begins_to_wait: bool,
}

/// What became of a ring that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overdue {
    pub(crate) jumped: bool,
    pub(crate) still_waits: bool,
}

impl Ring {
    pub(crate) fn new(limits: RingLimits) -> Self {
        Self { inner: Mutex::default(), limits }
    }

    pub(crate) fn add_reader(&self) -> usize {
        let mut inner = self.inner.lock();
        let position = inner.tail.published();
        inner.readers.insert(Reader { waker: None, position, cut: None })
    }

    /// Returns whether it was the last one.
    pub(crate) fn remove_reader(&self, reader: usize) -> bool {
        let mut inner = self.inner.lock();
        inner.readers.remove(reader);
        inner.readers.is_empty()
    }

    pub(crate) fn is_deserted(&self) -> bool {
        self.inner.lock().readers.is_empty()
    }

    pub(crate) fn cut_with(&self, reader: usize, cut: CutSwitch) {
        self.inner.lock().readers[reader].cut = Some(cut);
    }

    /// Committed frames; those of one node are in order.
    pub(crate) fn publish(&self, frames: impl IntoIterator<Item = Frame>) -> Shown {
        self.change(|tail, limits| {
            for frame in frames {
                tail.accept(frame, limits.early_bytes);
            }
        })
    }

    /// The log reaches this far, and the frames may be on their way.
    pub(crate) fn promise(&self, head: u64) -> Shown {
        self.change(|tail, limits| {
            if limits.early_bytes > 0 {
                tail.promise(head);
            } else {
                tail.announce(head);
            }
        })
    }

    /// The log reaches this far, and the frames will not come. Returns whether that was news.
    pub(crate) fn announce(&self, head: u64) -> (bool, Shown) {
        let mut is_news = false;
        let shown = self.change(|tail, _| is_news = tail.announce(head));
        (is_news, shown)
    }

    /// Something was committed that nobody can name any more: readers look into the database.
    pub(crate) fn forget(&self) {
        let mut inner = self.inner.lock();
        inner.tail.forget();
        let wakers = inner.take_wakers();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Commits may have passed unseen until now. Returns whether the head must be looked up.
    pub(crate) fn doubt(&self) -> bool {
        self.inner.lock().tail.doubt()
    }

    /// Sequence of the newest event, if it is known.
    pub(crate) fn head(&self) -> Option<u64> {
        self.inner.lock().tail.head()
    }

    /// Jumps over what has been missed for too long.
    pub(crate) fn jump_if_overdue(&self, now: Instant, patience: Patience) -> Overdue {
        let mut inner = self.inner.lock();
        let before = inner.tail.head();
        let jumped = inner.tail.jump_if_overdue(now, patience);
        inner.is_watched = inner.tail.waits(before);
        let overdue = Overdue { jumped, still_waits: inner.is_watched };
        let wakers = if jumped { inner.take_wakers() } else { Vec::new() };
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        overdue
    }

    /// Wakes everybody for a keep-alive.
    pub(crate) fn wake_all(&self) {
        let wakers = self.inner.lock().take_wakers();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether a reader at this cursor needs no database.
    pub(crate) fn reaches(&self, cursor: u64) -> bool {
        self.inner.lock().tail.reaches(cursor)
    }

    /// To be taken before the database is read.
    pub(crate) fn mark(&self) -> Mark {
        self.inner.lock().tail.mark()
    }

    /// Everything after `cursor`, or a registered waker.
    pub(crate) fn take(&self, reader: usize, cursor: u64, waker: &Waker) -> Taken {
        let mut inner = self.inner.lock();
        if !inner.tail.reaches(cursor) {
            return Taken::Behind;
        }
        let published = inner.tail.published();
        inner.readers[reader].position = published;
        let head = inner.tail.head().unwrap_or_default();
        if head > cursor {
            return Taken::Frames(inner.tail.run_after(cursor, head), head);
        }
        match &mut inner.readers[reader].waker {
            Some(known) if known.will_wake(waker) => {}
            other => *other = Some(waker.clone()),
        }
        Taken::Nothing
    }

    /// A page from the database and, if its reader reached the end of the log, the head it saw.
    /// The next reader at an old cursor then finds the page here.
    pub(crate) fn offer_history(&self, page: Vec<Frame>, head: Option<u64>, mark: Mark) -> Shown {
        self.change(|tail, limits| tail.offer_history(page, head, mark, limits.ring_bytes))
    }

    fn change(&self, change: impl FnOnce(&mut Tail, RingLimits)) -> Shown {
        let mut inner = self.inner.lock();
        let before = inner.tail.head();
        change(&mut inner.tail, self.limits);
        let mut shown = Shown::default();
        let mut wakers = Vec::new();
        if inner.tail.head() != before {
            inner.tail.trim(self.limits.ring_bytes);
            shown.cut = inner.cut_laggards(self.limits.lag_bytes);
            wakers = inner.take_wakers();
        }
        if inner.tail.waits(before) && self.limits.early_bytes > 0 && !inner.is_watched {
            inner.is_watched = true;
            shown.begins_to_wait = true;
        }
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        shown
    }
}

impl Inner {
    fn cut_laggards(&mut self, lag_bytes: u64) -> usize {
        let published = self.tail.published();
        let mut cut = 0;
        for (_, reader) in &mut self.readers {
            if published - reader.position > lag_bytes
                && let Some(switch) = reader.cut.take()
            {
                switch.cut(CutReason::Lag);
                cut += 1;
            }
        }
        cut
    }

    /// To be woken when the lock is free again: it is the first thing that they take.
    fn take_wakers(&mut self) -> Vec<Waker> {
        self.readers.iter_mut().filter_map(|(_, reader)| reader.waker.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    const PATIENCE: Patience = Patience { with_holes: Duration::from_secs(10), with_promises: Duration::from_secs(60) };

    fn frame(sequence: u64) -> Frame {
        Frame { sequence, bytes: Bytes::from(format!("{sequence};")) }
    }

    fn ring(ring_bytes: usize, lag_bytes: u64, early_bytes: usize) -> Ring {
        Ring::new(RingLimits { ring_bytes, lag_bytes, early_bytes })
    }

    fn take(ring: &Ring, reader: usize, cursor: u64) -> Taken {
        ring.take(reader, cursor, Waker::noop())
    }

    #[test]
    fn a_new_ring_sends_its_readers_to_the_database_until_it_knows_the_head() {
        let ring = ring(1024, 1024, 0);
        let reader = ring.add_reader();
        assert!(matches!(take(&ring, reader, 0), Taken::Behind));
        let mark = ring.mark();
        _ = ring.publish([frame(3)]);
        assert!(matches!(take(&ring, reader, 0), Taken::Behind), "1 and 2 are only in the database");
        _ = ring.offer_history(vec![frame(1), frame(2)], Some(2), mark);
        match take(&ring, reader, 0) {
            Taken::Frames(bytes, 3) => assert_eq!(&bytes[..], b"1;2;3;"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(take(&ring, reader, 3), Taken::Nothing));
        assert!(matches!(take(&ring, reader, 99), Taken::Nothing), "a cursor from the future waits");
    }

    #[test]
    fn a_reader_from_the_future_doesnt_hide_the_log_from_others() {
        let ring = ring(1024, 1024, 0);
        let early = ring.add_reader();
        let late = ring.add_reader();
        _ = ring.offer_history(Vec::new(), Some(2), ring.mark());
        assert!(matches!(take(&ring, early, 99), Taken::Nothing));
        assert!(matches!(take(&ring, late, 0), Taken::Behind));
        _ = ring.offer_history(vec![frame(1), frame(2)], Some(2), ring.mark());
        assert!(matches!(take(&ring, late, 0), Taken::Frames(bytes, 2) if &bytes[..] == b"1;2;"));
    }

    #[test]
    fn a_hole_or_a_repeat_never_reaches_a_reader() {
        let ring = ring(1024, 1024, 0);
        let reader = ring.add_reader();
        _ = ring.publish([frame(1), frame(2), frame(2), frame(1)]);
        assert!(matches!(take(&ring, reader, 0), Taken::Frames(bytes, 2) if &bytes[..] == b"1;2;"));
        _ = ring.publish([frame(5)]);
        assert!(matches!(take(&ring, reader, 2), Taken::Behind));
        assert!(matches!(take(&ring, reader, 4), Taken::Frames(bytes, 5) if &bytes[..] == b"5;"));
    }

    #[test]
    fn memory_is_bounded_and_a_reader_that_lags_too_far_is_cut() {
        let ring = ring(10, 20, 0);
        let reader = ring.add_reader();
        let cut = CutSwitch::default();
        ring.cut_with(reader, cut.clone());
        for sequence in 1..=9 {
            _ = ring.publish([frame(sequence)]);
        }
        assert!(!cut.is_cut());
        assert!(matches!(take(&ring, reader, 0), Taken::Behind), "the ring keeps ten bytes");
        for sequence in 10..=20 {
            _ = ring.publish([frame(sequence)]);
        }
        assert!(cut.is_cut());
    }

    #[test]
    fn frames_of_two_writers_wait_for_their_turn_but_not_for_ever() {
        let ring = ring(1024, 1024, 100);
        let reader = ring.add_reader();
        _ = ring.publish([frame(1)]);
        assert!(ring.publish([frame(3), frame(5)]).begins_to_wait);
        assert!(matches!(take(&ring, reader, 0), Taken::Frames(bytes, 1) if &bytes[..] == b"1;"));
        assert!(!ring.publish([frame(2)]).begins_to_wait, "somebody looks after it already");
        assert!(matches!(take(&ring, reader, 1), Taken::Frames(bytes, 3) if &bytes[..] == b"2;3;"));
        let soon = Clock.instant();
        assert!(ring.jump_if_overdue(soon + Duration::from_secs(1), PATIENCE).still_waits);
        let overdue = ring.jump_if_overdue(soon + Duration::from_secs(11), PATIENCE);
        assert!(overdue.jumped && !overdue.still_waits);
        assert!(matches!(take(&ring, reader, 3), Taken::Behind), "4 is in the database");
        _ = ring.offer_history(vec![frame(4), frame(5)], Some(5), ring.mark());
        _ = ring.publish([frame(4), frame(6)]);
        assert!(matches!(take(&ring, reader, 3), Taken::Frames(bytes, 6) if &bytes[..] == b"4;5;6;"));
    }

    #[test]
    fn early_frames_are_bounded() {
        let ring = ring(1024, 1024, 6);
        let reader = ring.add_reader();
        _ = ring.publish([frame(1), frame(3), frame(4), frame(5)]);
        assert!(matches!(take(&ring, reader, 1), Taken::Nothing));
        _ = ring.publish([frame(6)]);
        assert!(matches!(take(&ring, reader, 1), Taken::Behind));
        assert!(matches!(take(&ring, reader, 2), Taken::Frames(bytes, 6) if &bytes[..] == b"3;4;5;6;"));
    }

    #[test]
    fn a_promise_is_kept_by_frames_or_by_the_database() {
        let ring = ring(1024, 1024, 100);
        let reader = ring.add_reader();
        _ = ring.publish([frame(1)]);
        assert!(ring.promise(3).begins_to_wait);
        assert!(matches!(take(&ring, reader, 1), Taken::Nothing), "they may be on their way");
        _ = ring.publish([frame(2), frame(3)]);
        let (later, much_later) = (Clock.instant() + Duration::from_secs(30), Clock.instant() + Duration::from_secs(90));
        assert!(!ring.jump_if_overdue(much_later, PATIENCE).jumped);
        assert!(ring.promise(4).begins_to_wait);
        assert!(!ring.jump_if_overdue(later, PATIENCE).jumped, "a promise gets more time than a hole");
        assert!(ring.jump_if_overdue(much_later, PATIENCE).jumped);
        assert!(matches!(take(&ring, reader, 3), Taken::Behind));
        assert!(ring.announce(9).0 && !ring.announce(8).0);
    }

    #[test]
    fn what_a_reader_read_before_a_doubt_doesnt_tell_the_head() {
        let ring = ring(1024, 1024, 100);
        let reader = ring.add_reader();
        let before = ring.mark();
        assert!(!ring.doubt(), "no head is known: the next reader finds it");
        _ = ring.offer_history(vec![frame(1)], Some(1), before);
        assert!(matches!(take(&ring, reader, 1), Taken::Behind));
        let before = ring.mark();
        _ = ring.promise(2);
        _ = ring.offer_history(vec![frame(1)], Some(1), before);
        assert!(matches!(take(&ring, reader, 1), Taken::Behind), "2 was committed while it read");
        let after = ring.mark();
        _ = ring.offer_history(vec![frame(1)], Some(1), after);
        assert!(matches!(take(&ring, reader, 1), Taken::Nothing), "whoever told of 2 was wrong");
    }
}
