//! What nodes tell each other about their logs. Each request and each answer is below 30 KiB of JSON.

use crate::feed::Log;
use cowork_domain::{
    event::EventType,
    ids::{Sequence, SessionId, WorkspaceId},
    timestamp::Timestamp,
};
use cowork_store::StoredEvent;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, sync::Arc};

/// Logs in one request; each takes less than 120 bytes.
pub(super) const FOLLOW_LOGS: usize = 200;
/// Bytes of JSON that a push may fill, as counted by the constants and functions below, which count a
/// little too much.
pub(super) const PUSH_BYTES: usize = 28 * 1024;
/// An event without its payload.
const EVENT_BYTES: usize = 150;
/// A batch without its events.
pub(super) const BATCH_BYTES: usize = 160;
/// A notice.
pub(super) const NOTICE_BYTES: usize = 140;

/// What a node asks another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum FeedRequest {
    /// To whoever commits: tell me what you commit in these logs, for the time of a lease. Also renews.
    Follow(Follow),
    /// To a follower: this was committed here.
    Push(Push),
    /// To whoever commits: no longer.
    Unfollow(Unfollow),
}

/// The answer to each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum FeedReply {
    Followed(Followed),
    /// The push was taken; there is room for the next one.
    Taken,
    Unfollowed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Follow {
    pub(super) logs: Vec<FollowedLog>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FollowedLog {
    pub(super) log: Log,
    /// The newest place that the follower knows of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<u64>,
}

/// All logs of the request are followed, and there is nothing new about those that are not named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Followed {
    pub(super) news: Vec<FollowNews>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FollowNews {
    /// Index in the request.
    pub(super) entry: usize,
    pub(super) standing: Standing,
    /// The last place that was committed here, if it is after the follower's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// Followed since an earlier request.
    Renewed,
    /// Followed from now on: what was committed before was told to nobody.
    New,
    /// Not followed: this node doesn't own the session.
    Elsewhere,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Unfollow {
    pub(super) logs: Vec<Log>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Push {
    /// To be looked at before the batches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notices: Vec<Notice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) batches: Vec<Batch>,
}

/// Something was committed whose events are not sent: they are in the database.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(super) log: Log,
    pub(super) head: NoticedHead,
}

/// How far a log reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NoticedHead {
    At(u64),
    /// The owner can't tell.
    Unknown,
}

impl NoticedHead {
    /// What is left to say after both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(one), Self::At(two)) => Self::At(one.max(two)),
            _ => Self::Unknown,
        }
    }
}

/// Neighbouring events of one session that were committed together, or a part of them. The bytes that
/// subscribers see are made from it on their own node: they are the same everywhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(super) session: SessionId,
    pub(super) workspace: WorkspaceId,
    /// Place of the first event in the workspace.
    pub(super) first: Sequence,
    pub(super) events: Vec<PushedEvent>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PushedEvent {
    pub(super) sequence: Sequence,
    #[serde(rename = "type")]
    pub(super) event_type: Cow<'static, str>,
    /// As text within text: whatever carries this keeps every byte of it.
    pub(super) payload: Arc<str>,
    pub(super) at: Timestamp,
}

impl PushedEvent {
    pub(super) fn of(event: &StoredEvent) -> Self {
        let StoredEvent { sequence, event_type, payload, at } = event;
        Self { sequence: *sequence, event_type: event_type.as_str().into(), payload: payload.clone(), at: *at }
    }

    /// `None`: a type that only newer nodes know.
    pub(super) fn into_stored(self) -> Option<StoredEvent> {
        let event_type = EventType::parse(&self.event_type)?;
        Some(StoredEvent { sequence: self.sequence, event_type, payload: self.payload, at: self.at })
    }
}

/// Bytes that an event takes in a push, rather too many.
pub(super) fn pushed_bytes(event: &StoredEvent) -> usize {
    let escaped = event.payload.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    });
    EVENT_BYTES + escaped.sum::<usize>()
}
