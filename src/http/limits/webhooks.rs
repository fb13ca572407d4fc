//! Limits of webhooks, which no credential comes with (contract 03 §2): by sender alone.

use super::{Sender, refusal};
use crate::{
    http::error::ApiError,
    identity::limits::{LocalBackoff, RateLimits, RateScope},
};
use cowork_domain::limits::{BackoffRule, RateLimit};
use cowork_store::Store;
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Within a window.
const MOST_REQUESTS: u64 = 120;
/// Within a window; then the sender waits for as long.
const MOST_REJECTIONS: u64 = 5;

/// The limits of a node.
pub(in crate::http) struct WebhookLimits {
    rates: RateLimits,
    backoff: LocalBackoff,
}

impl WebhookLimits {
    /// Starts to count; must be called within a runtime.
    pub(super) fn start(store: &Store) -> Self {
        Self {
            rates: RateLimits::start(RateLimit { window: WINDOW, max_requests: MOST_REQUESTS }, store.clone()),
            backoff: LocalBackoff::new(BackoffRule { window: WINDOW, max_failures: MOST_REJECTIONS, wait: WINDOW }),
        }
    }

    /// Whether a webhook may be looked at.
    pub(in crate::http) async fn admit(&self, sender: Sender, now: Instant) -> Result<(), ApiError> {
        self.rates.admit(RateScope::Webhooks(sender.0), now).await.map_err(refusal::too_many_requests)?;
        self.backoff.check(sender.0, now).map_err(refusal::too_many_rejections)
    }

    /// It was not signed as it must be.
    pub(in crate::http) fn rejected(&self, sender: Sender, now: Instant) {
        self.backoff.failed(sender.0, now);
    }
}
