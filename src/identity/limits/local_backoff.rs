//! Who sends what isn't signed, again and again, has to wait: on the node that it came to.

use super::{AddressBlock, Limited, MOST_SCOPES, failures::Failures, scope_map::ScopeMap};
use cowork_domain::limits::BackoffRule;
use std::time::Instant;

/// Counts rejections by address without asking anybody. For signatures, which cost little to check and can't be guessed: there a
/// wait keeps the noise down, and nothing is gained by trying at another node.
pub(crate) struct LocalBackoff {
    rule: BackoffRule,
    failures: ScopeMap<AddressBlock, Failures>,
}

impl LocalBackoff {
    /// Nobody waits yet.
    pub(crate) fn new(rule: BackoffRule) -> Self {
        Self { rule, failures: ScopeMap::new(MOST_SCOPES) }
    }

    /// Whether the address may try.
    pub(crate) fn check(&self, address: AddressBlock, now: Instant) -> Result<(), Limited> {
        match self.failures.with_known(address, |failures| failures.blocked_for(now)).flatten() {
            Some(rest) => Err(Limited::until(rest)),
            None => Ok(()),
        }
    }

    /// What it sent was rejected.
    pub(crate) fn failed(&self, address: AddressBlock, now: Instant) {
        self.failures.with(address, || Failures::none(now), |failures| failures.add(self.rule, self.rule.window, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_fifth_rejection_within_a_window_starts_a_wait_of_that_address() {
        let minute = Duration::from_secs(60);
        let backoff = LocalBackoff::new(BackoffRule { window: minute, max_failures: 5, wait: minute });
        let [here, there]: [AddressBlock; 2] = ["203.0.113.9", "203.0.113.10"].map(|address| address.parse().expect("an address"));
        let start = Instant::now();
        for _ in 0..4 {
            backoff.failed(here, start);
            assert!(backoff.check(here, start).is_ok());
        }
        backoff.failed(here, start);
        assert_eq!(backoff.check(here, start), Err(Limited { retry_after: minute }));
        assert!(backoff.check(there, start).is_ok());
        assert!(backoff.check(here, start + minute).is_ok(), "the wait ends");
    }
}
