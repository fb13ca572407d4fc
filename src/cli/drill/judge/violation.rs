//! What must not happen.

use serde::Serialize;
use std::fmt;

/// One thing that happened and must not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct Violation {
    pub(in super::super) kind: Kind,
    /// What exactly, for whoever looks into it.
    pub(in super::super) what: String,
}

impl Violation {
    pub(super) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }
}

/// The promises, by how they are broken. Each count of a verdict must be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) enum Kind {
    /// The fault did not take place, or the cluster did not recover from it.
    InvalidRound,
    /// A request failed although other nodes were asked.
    FailedRequest,
    /// A request took longer than its limit.
    SlowRequest,
    /// A promised session or prompt is not in the log.
    LostPromise,
    /// An acknowledged prompt did not end.
    UnfinishedPrompt,
    /// A prompt ended in order without its whole answer in the log.
    WrongAnswer,
    /// One idempotency key had two effects.
    DoubleEffect,
    /// A log has a hole or a number twice.
    LogNotDense,
    /// A subscriber missed an event.
    StreamGap,
    /// A subscriber saw an event twice.
    StreamDuplicate,
    /// A subscriber saw an event after a later one.
    StreamReorder,
    /// The cloud ended a subscription for good.
    StreamRefused,
    /// Subscribers saw different bytes under one number.
    StreamsDiffer,
    /// An incarnation wrote after it was declared dead.
    FencedWrite,
}

impl Kind {
    /// In the order of the report.
    pub(in super::super) const ALL: [Self; 14] = [
        Self::InvalidRound,
        Self::FailedRequest,
        Self::SlowRequest,
        Self::LostPromise,
        Self::UnfinishedPrompt,
        Self::WrongAnswer,
        Self::DoubleEffect,
        Self::LogNotDense,
        Self::StreamGap,
        Self::StreamDuplicate,
        Self::StreamReorder,
        Self::StreamRefused,
        Self::StreamsDiffer,
        Self::FencedWrite,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InvalidRound => "invalid rounds",
            Self::FailedRequest => "failed requests",
            Self::SlowRequest => "slow requests",
            Self::LostPromise => "lost promises",
            Self::UnfinishedPrompt => "unfinished prompts",
            Self::WrongAnswer => "wrong answers",
            Self::DoubleEffect => "double effects",
            Self::LogNotDense => "logs not dense",
            Self::StreamGap => "stream gaps",
            Self::StreamDuplicate => "stream duplicates",
            Self::StreamReorder => "stream reorders",
            Self::StreamRefused => "streams refused",
            Self::StreamsDiffer => "streams differ",
            Self::FencedWrite => "fenced writes",
        })
    }
}
