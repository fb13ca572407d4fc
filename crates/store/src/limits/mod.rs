//! What is counted over all nodes for a short time: requests, and rejected credentials (contract 00 §6). All clocks are the
//! database's, and a crash of the server forgets the counts.

mod auth_failures;
mod rate_window;

pub use auth_failures::{AuthBlock, AuthFailures};
pub(crate) use rate_window::lease_permits;
pub use rate_window::{Counted, PermitLease};

use std::time::Duration;

/// The longest window or wait that an interval of the database surely takes: a hundred years.
const LONGEST: i64 = 100 * 365 * 86_400_000;

/// Rows that one statement of a sweep removes, as its text says: a flood is worked off in pieces that lock nobody out for long.
const SWEPT_AT_ONCE: u64 = 10_000;

/// A length of time that the database computed; what is over already is zero.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Whole milliseconds, as a column keeps them.
fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX).clamp(1, LONGEST)
}

/// A count as a column keeps it.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
