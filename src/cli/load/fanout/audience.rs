//! What all subscribers of a session have seen.

use super::super::{
    continuity::{Continuity, Integrity},
    latencies::Latencies,
    stream::{Frame, FrameKind, Sink},
    wall_clock,
    window::Window,
};
use cowork_domain::timestamp::Timestamp;
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, Semaphore};

/// One subscriber of so many also looks at the events' own time stamps.
const TIMESTAMP_SAMPLE: usize = 64;

/// The subscribers of one session.
pub(super) struct Audience {
    runs: Vec<Continuity>,
    window: Window,
    /// When an event arrived at the first subscriber; the index is its sequence.
    first_arrivals: Vec<Option<Instant>>,
    turn_ended: Arc<Semaphore>,
    changed: Arc<Notify>,
    pub(super) deliveries_in_window: u64,
    pub(super) events_in_window: u64,
    pub(super) delivery: Latencies,
    pub(super) created_to_arrival: Latencies,
    pub(super) ended: u64,
}

impl Audience {
    pub(super) fn new(subscribers: usize, window: Window) -> Self {
        Self {
            runs: (0..subscribers).map(|_| Continuity::after(0)).collect(),
            window,
            first_arrivals: Vec::new(),
            turn_ended: Arc::new(Semaphore::new(0)),
            changed: Arc::new(Notify::new()),
            deliveries_in_window: 0,
            events_in_window: 0,
            delivery: Latencies::default(),
            created_to_arrival: Latencies::default(),
            ended: 0,
        }
    }

    /// Gets a permit with the end of every turn, as the first subscriber sees it.
    pub(super) fn turn_ended(&self) -> Arc<Semaphore> {
        Arc::clone(&self.turn_ended)
    }

    /// Told now and then while subscribers make progress.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Whether everybody has seen the event at this place.
    pub(super) fn has_reached(&self, end: u64) -> bool {
        self.runs.iter().all(|run| run.last() >= end)
    }

    /// What the sequences tell, given that the log goes up to `end`.
    pub(super) fn integrity(&self, end: u64) -> Integrity {
        let mut integrity = Integrity::default();
        for run in &self.runs {
            integrity.add(run.finish(end));
        }
        integrity
    }

    fn first_delivery(&mut self, slot: usize, at: Instant, frame: &Frame<'_>) {
        self.first_arrivals[slot] = Some(at);
        self.events_in_window += u64::from(self.window.contains(at));
        if frame.kind == FrameKind::SessionIdle || frame.kind == FrameKind::RuntimeError {
            self.turn_ended.add_permits(1);
        }
    }
}

impl Sink for Audience {
    fn frame(&mut self, stream: usize, at: Instant, frame: &Frame<'_>) {
        if frame.kind == FrameKind::SnapshotRequired || !self.runs[stream].note(frame.sequence) {
            return;
        }
        let Ok(slot) = usize::try_from(frame.sequence) else { return };
        if slot >= self.first_arrivals.len() {
            self.first_arrivals.resize(slot + 1, None);
        }
        let counted = self.window.contains(at);
        self.deliveries_in_window += u64::from(counted);
        match self.first_arrivals[slot] {
            None => self.first_delivery(slot, at, frame),
            Some(first) if counted => self.delivery.record(at.saturating_duration_since(first)),
            Some(_) => {}
        }
        if stream.is_multiple_of(TIMESTAMP_SAMPLE)
            && counted
            && let Some(age) = age(frame.data)
        {
            self.created_to_arrival.record(age);
        }
        self.changed.notify_one();
    }

    fn ended(&mut self, _stream: usize, _outcome: &io::Result<()>) {
        self.ended += 1;
        self.changed.notify_one();
    }
}

/// How long ago the record says that it was created; its time stamp is its last field.
fn age(data: &[u8]) -> Option<Duration> {
    const FIELD: &[u8] = b"\"createdAt\":\"";
    let at = data.windows(FIELD.len()).rposition(|window| window == FIELD)?;
    let text = &data[at + FIELD.len()..];
    let end = text.iter().position(|byte| *byte == b'"')?;
    let created = Timestamp::parse(str::from_utf8(&text[..end]).ok()?)?;
    let millis = wall_clock::now().as_millis() - created.as_millis();
    Some(Duration::from_millis(u64::try_from(millis).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_count_from_the_first_subscriber_and_what_one_misses_is_lost() {
        let begin = Instant::now();
        let window = Window { begin, end: begin + Duration::from_mins(1) };
        let mut audience = Audience::new(2, window);
        let mut tell = |stream, sequence, millis| {
            let frame = Frame { sequence, kind: FrameKind::Other, data: b"{}" };
            audience.frame(stream, begin + Duration::from_millis(millis), &frame);
        };
        tell(0, 1, 10);
        tell(1, 1, 13);
        tell(1, 2, 20);

        assert_eq!((audience.deliveries_in_window, audience.events_in_window), (3, 2));
        assert!((audience.delivery.summary().max_ms - 3.0).abs() < 0.01);
        assert!(!audience.has_reached(2));
        assert_eq!(audience.integrity(2), Integrity { lost: 1, ..Integrity::default() });
    }
}
