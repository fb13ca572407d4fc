//! Limits that hold over all nodes without asking the database at every request (contract 00 §6).
//!
//! [`RateLimits`] counts requests per address, organisation and token: a node leases permits of a window in blocks and spends
//! them by itself. [`AuthBackoff`] makes callers wait whose credentials were rejected too often: each rejection is counted in
//! the database, and the nodes learn from it whom to turn away. Neither knows HTTP; what a refusal looks like is
//! `http::limits`' business.

mod auth_backoff;
mod client_address;
mod failures;
mod local_backoff;
mod permits;
mod rate_limits;
mod scope_map;
mod sweeper;
mod write_budget;

pub(crate) use auth_backoff::{Attempt, AuthBackoff, CredentialHash};
pub(crate) use client_address::{AddressBlock, ClientAddress};
pub(crate) use local_backoff::LocalBackoff;
pub(crate) use rate_limits::{RateLimits, RateScope};
pub(crate) use sweeper::Sweeper;

use std::time::Duration;

/// Too much of something, and when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after:?}")]
pub(crate) struct Limited {
    /// Never zero.
    pub(crate) retry_after: Duration,
}

impl Limited {
    /// Even if the time is up this very moment, the answer has to name one.
    fn until(rest: Duration) -> Self {
        Self { retry_after: rest.max(Duration::from_millis(1)) }
    }
}

/// Scopes that a node remembers at a time, of each kind of limit. A scope that is forgotten costs a question to the database
/// when it comes back, and no more.
const MOST_SCOPES: usize = 65_536;

/// How long a request waits for the database before it goes on without a count. A database that takes longer refuses or delays
/// what the request wants in any case.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often what is over is removed, here and in the database.
const SWEEP: Duration = Duration::from_secs(15);
