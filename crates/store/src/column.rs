//! How the domain's values stand in columns, both ways.

use crate::StoreError;
use cowork_domain::{ids::Sequence, session::SessionStatus, timestamp::Timestamp};
use time::OffsetDateTime;

/// A counter as `bigint`. No counter of ours comes near the limit.
pub(crate) fn bigint(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A `bigint` that never is negative.
pub(crate) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A `bigint` as a place in a log.
pub(crate) fn sequence(value: i64) -> Sequence {
    Sequence(count(value))
}

/// An instant as `timestamptz`.
pub(crate) fn instant(at: Timestamp) -> OffsetDateTime {
    at.into()
}

/// The status of a session's row.
pub(crate) fn session_status(session: uuid::Uuid, name: &str) -> Result<SessionStatus, StoreError> {
    SessionStatus::parse(name).ok_or_else(|| StoreError::inconsistent("sessions", session, "unknown status"))
}
