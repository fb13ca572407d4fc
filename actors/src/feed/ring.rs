//! The newest frames of one log, and those who follow it.

use super::{CutSwitch, frame::Frame};
use crate::invariants::count_violation;
use bytes::{Bytes, BytesMut};
use cowork_domain::{invariant, invariant::InvariantId};
use parking_lot::Mutex;
use slab::Slab;
use std::{collections::VecDeque, task::Waker};

/// A log that somebody follows.
#[derive(Debug)]
pub(crate) struct Ring {
    inner: Mutex<Inner>,
    ring_bytes: usize,
    lag_bytes: u64,
}

#[derive(Debug, Default)]
struct Inner {
    /// Contiguous and ascending; the last one is the head.
    frames: VecDeque<Frame>,
    bytes: usize,
    /// Sequence of the newest event, once anybody knows it.
    head: Option<u64>,
    /// Bytes published since the ring exists: the measure of a reader's lag.
    published: u64,
    readers: Slab<Reader>,
    /// The last run that was put together, shared by all readers at the same cursor.
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    after: u64,
    last: u64,
    bytes: Bytes,
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

impl Ring {
    pub(crate) fn new(ring_bytes: usize, lag_bytes: u64) -> Self {
        Self { inner: Mutex::default(), ring_bytes, lag_bytes }
    }

    pub(crate) fn add_reader(&self) -> usize {
        let mut inner = self.inner.lock();
        let position = inner.published;
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

    /// Frames that were just committed, in order. Returns how many readers were cut.
    pub(crate) fn publish(&self, frames: impl IntoIterator<Item = Frame>) -> usize {
        let mut wakers = Vec::new();
        let mut cut = 0;
        {
            let mut inner = self.inner.lock();
            for frame in frames {
                inner.push(frame);
            }
            while inner.bytes > self.ring_bytes && inner.frames.len() > 1 {
                let oldest = inner.frames.pop_front().expect("the ring holds more than one frame");
                inner.bytes -= oldest.bytes.len();
            }
            let published = inner.published;
            for (_, reader) in &mut inner.readers {
                wakers.extend(reader.waker.take());
                if published - reader.position > self.lag_bytes
                    && let Some(switch) = reader.cut.take()
                {
                    switch.cut();
                    cut += 1;
                }
            }
        }
        wakers.into_iter().for_each(Waker::wake);
        cut
    }

    /// Something was committed that nobody can name any more: readers look into the database.
    pub(crate) fn forget(&self) {
        let mut inner = self.inner.lock();
        *inner = Inner { readers: std::mem::take(&mut inner.readers), published: inner.published, ..Inner::default() };
        let wakers: Vec<Waker> = inner.readers.iter_mut().filter_map(|(_, reader)| reader.waker.take()).collect();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes everybody for a keep-alive.
    pub(crate) fn wake_all(&self) {
        let wakers: Vec<Waker> = self.inner.lock().readers.iter_mut().filter_map(|(_, reader)| reader.waker.take()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether a reader at this cursor needs no database.
    pub(crate) fn reaches(&self, cursor: u64) -> bool {
        self.inner.lock().reaches(cursor)
    }

    /// Everything after `cursor`, or a registered waker.
    pub(crate) fn take(&self, reader: usize, cursor: u64, waker: &Waker) -> Taken {
        let mut inner = self.inner.lock();
        if !inner.reaches(cursor) {
            return Taken::Behind;
        }
        let published = inner.published;
        let slot = &mut inner.readers[reader];
        slot.position = published;
        let head = inner.head.unwrap_or_default();
        if head > cursor {
            let bytes = inner.run_after(cursor, head);
            return Taken::Frames(bytes, head);
        }
        let slot = &mut inner.readers[reader];
        match &mut slot.waker {
            Some(known) if known.will_wake(waker) => {}
            other => *other = Some(waker.clone()),
        }
        Taken::Nothing
    }

    /// A page from the database and, if its reader reached the end of the log, the head it saw.
    /// The next reader at an old cursor then finds the page here.
    pub(crate) fn offer_history(&self, page: Vec<Frame>, head: Option<u64>) {
        let mut inner = self.inner.lock();
        inner.head = inner.head.or(head);
        let Some(head) = inner.head else { return };
        let front = inner.frames.front().map_or(head + 1, |frame| frame.sequence);
        let older: Vec<Frame> = page.into_iter().filter(|frame| frame.sequence < front).collect();
        if older.last().is_some_and(|frame| frame.sequence + 1 == front) {
            inner.prepend(older, self.ring_bytes);
        }
    }
}

impl Inner {
    fn push(&mut self, frame: Frame) {
        let expected = self.head.map_or(frame.sequence, |head| head + 1);
        if frame.sequence < expected {
            return;
        }
        if frame.sequence > expected {
            // Readers fill the hole from the database: what is missing was committed before this.
            self.frames.clear();
            self.bytes = 0;
        }
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

    fn reaches(&self, cursor: u64) -> bool {
        match (self.head, self.frames.front()) {
            (Some(head), _) if cursor >= head => true,
            (_, Some(oldest)) => oldest.sequence <= cursor + 1,
            _ => false,
        }
    }

    fn run_after(&mut self, cursor: u64, head: u64) -> Bytes {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(sequence: u64) -> Frame {
        Frame { sequence, bytes: Bytes::from(format!("{sequence};")) }
    }

    fn take(ring: &Ring, reader: usize, cursor: u64) -> Taken {
        ring.take(reader, cursor, Waker::noop())
    }

    #[test]
    fn a_new_ring_sends_its_readers_to_the_database_until_it_knows_the_head() {
        let ring = Ring::new(1024, 1024);
        let reader = ring.add_reader();
        assert!(matches!(take(&ring, reader, 0), Taken::Behind));
        ring.publish([frame(3)]);
        assert!(matches!(take(&ring, reader, 0), Taken::Behind), "1 and 2 are only in the database");
        ring.offer_history(vec![frame(1), frame(2)], Some(2));
        match take(&ring, reader, 0) {
            Taken::Frames(bytes, 3) => assert_eq!(&bytes[..], b"1;2;3;"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(take(&ring, reader, 3), Taken::Nothing));
        assert!(matches!(take(&ring, reader, 99), Taken::Nothing), "a cursor from the future waits");
    }

    #[test]
    fn a_reader_from_the_future_doesnt_hide_the_log_from_others() {
        let ring = Ring::new(1024, 1024);
        let early = ring.add_reader();
        let late = ring.add_reader();
        ring.offer_history(Vec::new(), Some(2));
        assert!(matches!(take(&ring, early, 99), Taken::Nothing));
        assert!(matches!(take(&ring, late, 0), Taken::Behind));
        ring.offer_history(vec![frame(1), frame(2)], Some(2));
        assert!(matches!(take(&ring, late, 0), Taken::Frames(bytes, 2) if &bytes[..] == b"1;2;"));
    }

    #[test]
    fn a_hole_or_a_repeat_never_reaches_a_reader() {
        let ring = Ring::new(1024, 1024);
        let reader = ring.add_reader();
        ring.publish([frame(1), frame(2), frame(2), frame(1)]);
        assert!(matches!(take(&ring, reader, 0), Taken::Frames(bytes, 2) if &bytes[..] == b"1;2;"));
        ring.publish([frame(5)]);
        assert!(matches!(take(&ring, reader, 2), Taken::Behind));
        assert!(matches!(take(&ring, reader, 4), Taken::Frames(bytes, 5) if &bytes[..] == b"5;"));
    }

    #[test]
    fn memory_is_bounded_and_a_reader_that_lags_too_far_is_cut() {
        let ring = Ring::new(10, 20);
        let reader = ring.add_reader();
        let cut = CutSwitch::default();
        ring.cut_with(reader, cut.clone());
        for sequence in 1..=9 {
            ring.publish([frame(sequence)]);
        }
        assert!(!cut.is_cut());
        assert!(matches!(take(&ring, reader, 0), Taken::Behind), "the ring keeps ten bytes");
        for sequence in 10..=20 {
            ring.publish([frame(sequence)]);
        }
        assert!(cut.is_cut());
    }
}
