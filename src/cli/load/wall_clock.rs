//! What time it is, for the tag and the stamps of a run and for the age of events.

use cowork_domain::timestamp::Timestamp;
use std::time::SystemTime;

#[expect(clippy::disallowed_methods, reason = "the generator's one reading of the wall clock; it is a client, not an actor")]
pub(in crate::cli) fn now() -> Timestamp {
    Timestamp::from(time::OffsetDateTime::from(SystemTime::now()))
}
