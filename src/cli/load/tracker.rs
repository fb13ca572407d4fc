//! What the sessions of a run are doing, as their streams tell.

use super::{
    continuity::{Continuity, Integrity},
    errors::ErrorTally,
    latencies::Latencies,
    population::LoadSession,
    stream::{Frame, FrameKind, Sink},
    window::Window,
};
use clap::ValueEnum;
use cowork_client::ClientError;
use serde::Serialize;
use std::{collections::HashMap, io, sync::Arc, time::Instant};
use tokio::sync::{Notify, Semaphore, mpsc};

/// Which streams tell about the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Watch {
    /// One stream for each session
    Session,
    /// One stream for each user, which carries all sessions
    Workspace,
    /// None: only acceptance is measured, and a session takes the next prompt as soon as one was accepted
    None,
}

/// Text of a session id behind its prefix.
type SessionKey = [u8; 32];

/// Follows every prompt from its intended start to `session.idle`. A session never has more than one
/// unfinished prompt, so its events need no command id to tell which prompt they belong to.
pub(super) struct Tracker {
    watch: Watch,
    sessions: Vec<SessionState>,
    by_key: HashMap<SessionKey, usize>,
    runs: Vec<Continuity>,
    window: Window,
    prompts: u64,
    unborn: usize,
    in_flight: usize,
    free: mpsc::UnboundedSender<usize>,
    slots: Arc<Semaphore>,
    changed: Arc<Notify>,
    pub(super) completed_in_window: u64,
    pub(super) events_in_window: u64,
    pub(super) accepted: Latencies,
    pub(super) first_event: Latencies,
    pub(super) completed: Latencies,
    pub(super) errors: ErrorTally,
}

#[derive(Debug, Clone, Copy)]
enum SessionState {
    /// Its stream hasn't shown that it exists yet.
    Unborn,
    Free,
    Busy(Prompt),
}

/// A prompt under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prompt {
    number: u64,
    pub(super) intended: Instant,
    pub(super) measured: bool,
    /// An event of its turn was seen.
    begun: bool,
}

impl Tracker {
    pub(super) fn new(watch: Watch, sessions: &[LoadSession], streams: usize, window: Window, free: mpsc::UnboundedSender<usize>) -> Self {
        let born = watch == Watch::None;
        let state = if born { SessionState::Free } else { SessionState::Unborn };
        if born {
            (0..sessions.len()).for_each(|session| free.send(session).unwrap_or_default());
        }
        let keys = sessions.iter().enumerate().filter_map(|(index, session)| Some((key_of(session.id.to_string().as_bytes())?, index)));
        Self {
            watch,
            sessions: vec![state; sessions.len()],
            by_key: keys.collect(),
            runs: (0..streams).map(|_| Continuity::after(0)).collect(),
            window,
            prompts: 0,
            unborn: if born { 0 } else { sessions.len() },
            in_flight: 0,
            free,
            slots: Arc::new(Semaphore::new(0)),
            changed: Arc::new(Notify::new()),
            completed_in_window: 0,
            events_in_window: 0,
            accepted: Latencies::default(),
            first_event: Latencies::default(),
            completed: Latencies::default(),
            errors: ErrorTally::default(),
        }
    }

    /// Gets a permit back with every prompt that ended.
    pub(super) fn slots(&self) -> Arc<Semaphore> {
        Arc::clone(&self.slots)
    }

    /// Told when something that [`Tracker::unborn`] or [`Tracker::in_flight`] counts has changed.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Sessions that their streams haven't shown yet.
    pub(super) fn unborn(&self) -> usize {
        self.unborn
    }

    /// Prompts under way.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The window is only known once everything is set up.
    pub(super) fn measure(&mut self, window: Window) {
        self.window = window;
    }

    /// A prompt for this session is about to be sent.
    pub(super) fn begin(&mut self, session: usize, intended: Instant) -> Prompt {
        self.prompts += 1;
        self.in_flight += 1;
        let prompt = Prompt { number: self.prompts, intended, measured: self.window.contains(intended), begun: false };
        self.sessions[session] = SessionState::Busy(prompt);
        self.errors.attempt();
        prompt
    }

    /// The cloud took the prompt.
    pub(super) fn accepted(&mut self, session: usize, prompt: &Prompt) {
        if prompt.measured {
            self.accepted.record(prompt.intended.elapsed());
        }
        if self.watch == Watch::None {
            self.release(session);
        }
    }

    /// The cloud did not take the prompt, or did not say so.
    pub(super) fn refused(&mut self, session: usize, prompt: &Prompt, error: &ClientError) {
        self.errors.call_failed(error);
        // Without an answer the prompt may have run, and ended, all the same.
        if matches!(self.sessions[session], SessionState::Busy(current) if current.number == prompt.number) {
            self.release(session);
        }
    }

    /// What the streams' sequences tell; with an error for each prompt that never ended, and for each of
    /// the planned ones that never started.
    pub(super) fn finish(&mut self, planned: u64) -> Integrity {
        let unfinished = u64::try_from(self.in_flight).unwrap_or(u64::MAX);
        self.errors.errors("prompt never ended", unfinished);
        self.errors.errors("prompt never started", planned.saturating_sub(self.prompts));
        let mut integrity = Integrity::default();
        for run in &self.runs {
            integrity.add(run.finish(run.last()));
        }
        integrity
    }

    fn release(&mut self, session: usize) {
        self.sessions[session] = SessionState::Free;
        self.in_flight -= 1;
        self.free.send(session).ok(); // nobody listens once the run is over
        self.slots.add_permits(1);
        self.changed.notify_one();
    }

    fn event(&mut self, session: usize, at: Instant, kind: FrameKind) {
        match &mut self.sessions[session] {
            SessionState::Unborn => {
                if kind == FrameKind::SessionCreated {
                    self.sessions[session] = SessionState::Free;
                    self.unborn -= 1;
                    self.free.send(session).ok();
                    self.changed.notify_one();
                }
            }
            SessionState::Free => {}
            SessionState::Busy(prompt) => {
                let ends_turn = kind == FrameKind::SessionIdle || kind == FrameKind::RuntimeError;
                if !prompt.begun {
                    if kind == FrameKind::SessionIdle {
                        return; // of an earlier turn that had ended with an error
                    }
                    prompt.begun = true;
                    if prompt.measured {
                        self.first_event.record(at.saturating_duration_since(prompt.intended));
                    }
                }
                if ends_turn {
                    let prompt = *prompt;
                    self.ended_turn(session, prompt, at, kind);
                }
            }
        }
    }

    fn ended_turn(&mut self, session: usize, prompt: Prompt, at: Instant, kind: FrameKind) {
        if kind == FrameKind::RuntimeError {
            self.errors.error("runtime.error");
        } else {
            if prompt.measured {
                self.completed.record(at.saturating_duration_since(prompt.intended));
            }
            self.completed_in_window += u64::from(self.window.contains(at));
        }
        self.release(session);
    }
}

impl Sink for Tracker {
    fn frame(&mut self, stream: usize, at: Instant, frame: &Frame<'_>) {
        if frame.kind == FrameKind::SnapshotRequired {
            self.errors.error("snapshot.required"); // its id is the client's cursor, not a place in the log
            return;
        }
        if !self.runs[stream].note(frame.sequence) {
            return;
        }
        let session = match self.watch {
            Watch::Session => Some(stream),
            Watch::Workspace => sessions_in(frame.data).find_map(|key| self.by_key.get(&key).copied()),
            Watch::None => None,
        };
        if let Some(session) = session {
            self.events_in_window += u64::from(self.window.contains(at));
            self.event(session, at, frame.kind);
        }
    }

    fn ended(&mut self, _stream: usize, outcome: &io::Result<()>) {
        self.errors.error(match outcome {
            Ok(()) => "stream ended".to_owned(),
            Err(error) => format!("stream broke ({})", error.kind()),
        });
    }
}

/// The sessions that a workspace record names: its own, and perhaps the runtime's in its payload, in
/// either order.
fn sessions_in(data: &[u8]) -> impl Iterator<Item = SessionKey> {
    const FIELD: &[u8] = b"\"sessionId\":\"";
    let fields = data.windows(FIELD.len()).enumerate().filter(|(_, window)| *window == FIELD);
    fields.filter_map(|(at, _)| {
        let id = &data[at + FIELD.len()..];
        let end = id.iter().position(|byte| *byte == b'"')?;
        key_of(&id[..end])
    })
}

fn key_of(id: &[u8]) -> Option<SessionKey> {
    id.strip_prefix(b"ses_")?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const IDS: [&str; 2] = ["ses_00000000000000000000000000000001", "ses_00000000000000000000000000000002"];

    fn tracker() -> (Tracker, mpsc::UnboundedReceiver<usize>, Instant) {
        let begin = Instant::now();
        let window = Window { begin, end: begin + Duration::from_mins(1) };
        let sessions = IDS.map(|id| LoadSession { id: id.parse().expect("valid"), user: 0 });
        let (free, freed) = mpsc::unbounded_channel();
        (Tracker::new(Watch::Workspace, &sessions, 1, window, free), freed, begin)
    }

    fn tell(tracker: &mut Tracker, sequence: u64, session: usize, kind: FrameKind, at: Instant) {
        let data = format!(r#"{{"tenantId":"t","userId":"u","sessionId":"{}","payload":{{"sessionId":"other"}}}}"#, IDS[session]);
        tracker.frame(0, at, &Frame { sequence, kind, data: data.as_bytes() });
    }

    #[test]
    fn a_prompt_is_followed_from_intended_start_to_idle() {
        let (mut tracker, mut freed, begin) = tracker();
        tell(&mut tracker, 1, 0, FrameKind::SessionCreated, begin);
        tell(&mut tracker, 2, 1, FrameKind::SessionCreated, begin);
        assert_eq!((tracker.unborn(), freed.try_recv(), freed.try_recv()), (0, Ok(0), Ok(1)));

        tracker.begin(1, begin);
        tell(&mut tracker, 3, 1, FrameKind::Other, begin + Duration::from_millis(4));
        tell(&mut tracker, 4, 1, FrameKind::SessionIdle, begin + Duration::from_millis(9));
        assert_eq!((freed.try_recv(), tracker.in_flight(), tracker.completed_in_window), (Ok(1), 0, 1));
        assert!((tracker.first_event.summary().max_ms - 4.0).abs() < 0.01);
        assert!((tracker.completed.summary().max_ms - 9.0).abs() < 0.01);
        assert!(tracker.finish(1).is_clean());
        assert_eq!(tracker.errors.total(), 0);
    }

    #[test]
    fn the_idle_after_an_error_does_not_end_the_next_prompt() {
        let (mut tracker, _freed, begin) = tracker();
        tell(&mut tracker, 1, 0, FrameKind::SessionCreated, begin);
        tracker.begin(0, begin);
        tell(&mut tracker, 2, 0, FrameKind::RuntimeError, begin);
        assert_eq!((tracker.in_flight(), tracker.errors.total()), (0, 1));
        tracker.begin(0, begin);
        tell(&mut tracker, 3, 0, FrameKind::SessionIdle, begin);
        assert_eq!(tracker.in_flight(), 1);
        tracker.finish(3);
        assert_eq!(tracker.errors.by_kind()["prompt never ended"], 1);
        assert_eq!(tracker.errors.by_kind()["prompt never started"], 1);
    }
}
