//! What happened during a drill, as its clients saw it: everything that the judge needs, and nothing
//! that only makes sense while the drill runs.

use super::faults::FaultKind;
use cowork_domain::ids::{CommandId, SessionId};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Microseconds since the drill began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub(super) struct Moment(pub(super) u64);

impl Moment {
    /// How long after an earlier moment; zero if it was later.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Turns the monotonic clock into moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Moment {
        self.at(Instant::now())
    }

    pub(super) fn at(self, instant: Instant) -> Moment {
        Moment(u64::try_from(instant.saturating_duration_since(self.0).as_micros()).unwrap_or(u64::MAX))
    }
}

/// Everything that happened while one kind of fault was drilled.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    /// Each with as many requests as it took.
    pub(super) prompts: Vec<PromptRecord>,
    pub(super) creations: Vec<CreationRecord>,
    pub(super) streams: Vec<StreamRecord>,
    pub(super) rounds: Vec<RoundRecord>,
}

/// A prompt, sent under one idempotency key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptRecord {
    pub(super) key: String,
    pub(super) session: SessionId,
    /// Different for each key, so that effects can be told apart in the log.
    pub(super) text: String,
    /// What the demo model answers to it.
    pub(super) answer: String,
    pub(super) call: CallRecord<CommandId>,
    /// The same request once more, under the same key.
    pub(super) repeated: Vec<CallRecord<CommandId>>,
}

/// A session that was asked for under one idempotency key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationRecord {
    pub(super) key: String,
    /// Index into the users.
    pub(super) user: usize,
    /// Different for each key.
    pub(super) title: String,
    pub(super) call: CallRecord<SessionId>,
}

/// A request as its caller saw it, over all nodes that were tried.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallRecord<T> {
    /// When it was due; a generator that is late doesn't hide a stall.
    pub(super) intended: Moment,
    pub(super) ended: Moment,
    pub(super) tries: usize,
    pub(super) outcome: Outcome<T>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome<T> {
    /// The cloud promised it, under this id.
    Acknowledged(T),
    /// It may or may not have had an effect.
    Failed(String),
}

impl<T: Copy> CallRecord<T> {
    pub(super) fn acknowledged(&self) -> Option<T> {
        match self.outcome {
            Outcome::Acknowledged(id) => Some(id),
            Outcome::Failed(_) => None,
        }
    }

    pub(super) fn took(&self) -> Duration {
        self.ended.since(self.intended)
    }
}

/// What a subscriber follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Subject {
    Session(SessionId),
    /// The workspace of this user, as index into the users.
    Workspace(usize),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Session(session) => session.fmt(formatter),
            Self::Workspace(user) => write!(formatter, "the workspace of user {user}"),
        }
    }
}

/// One subscriber: a stream from the beginning of the log on, over as many connections as it took.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StreamRecord {
    pub(super) subject: Subject,
    /// It was there while things happened, and did not only read them back afterwards.
    pub(super) live: bool,
    pub(super) connections: u32,
    /// In the order of arrival.
    pub(super) frames: Vec<FrameRecord>,
    /// What the cloud refused for good; such a stream ends early.
    pub(super) refused: Option<String>,
}

/// An event as it reached a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct FrameRecord {
    pub(super) sequence: u64,
    /// Of the frame's bytes.
    pub(super) hash: u64,
    pub(super) at: Moment,
}

impl StreamRecord {
    pub(super) fn new(subject: Subject, live: bool) -> Self {
        Self { subject, live, connections: 0, frames: Vec::new(), refused: None }
    }
}

/// One injection of a fault, from a settled cluster to a settled cluster.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoundRecord {
    pub(super) fault: FaultKind,
    /// From 1, within its kind.
    pub(super) number: u32,
    pub(super) began: Moment,
    /// When the fault began and when its cause was gone; `None` if it could not be injected.
    pub(super) disturbed: Option<(Moment, Moment)>,
    /// When the cluster was as before.
    pub(super) settled: Option<Moment>,
    /// When everything that was acknowledged had ended; `None` if that took too long.
    pub(super) drained: Option<Moment>,
    /// One for each node that was disturbed.
    pub(super) incidents: Vec<Incident>,
    /// What showed that the fault took place.
    pub(super) proofs: Vec<String>,
    /// Why the round doesn't count: the fault did not take place, or the cluster did not recover.
    pub(super) invalid: Option<String>,
}

/// A node is disturbed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Incident {
    pub(super) at: Moment,
    pub(super) node: String,
    pub(super) affected: Vec<Affected>,
}

/// A session that had unfinished work on a node when it was disturbed.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Affected {
    pub(super) session: SessionId,
    /// The last event of its log right after the fault; its work goes on with the next.
    pub(super) head: u64,
}
