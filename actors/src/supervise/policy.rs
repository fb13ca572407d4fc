//! When a failed entity is restarted, and when it is left alone (architecture §4).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// More failures than this within [`WINDOW`] put an entity in quarantine.
const TOLERATED: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The recent failures of one entity.
#[derive(Debug, Default)]
pub(super) struct FailureHistory {
    recent: VecDeque<Instant>,
}

/// What follows a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    RestartAfter(Duration),
    Quarantine,
}

impl FailureHistory {
    /// Notes a failure of the entity itself.
    pub(super) fn record(&mut self, now: Instant) -> Verdict {
        self.forget_old(now);
        self.recent.push_back(now);
        if self.recent.len() > TOLERATED {
            return Verdict::Quarantine;
        }
        let doublings = u32::try_from(self.recent.len() - 1).unwrap_or(u32::MAX).min(16);
        Verdict::RestartAfter((FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE))
    }

    /// Failures that still count.
    pub(super) fn count(&self) -> usize {
        self.recent.len()
    }

    /// Whether nothing that counts is left.
    pub(super) fn is_stale(&mut self, now: Instant) -> bool {
        self.forget_old(now);
        self.recent.is_empty()
    }

    fn forget_old(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|at| now.duration_since(*at) > WINDOW) {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sixth_failure_within_a_minute_is_one_too_many() {
        let start = Instant::now();
        let mut history = FailureHistory::default();
        let pauses: Vec<_> = (0..5).map(|second| history.record(start + Duration::from_secs(second))).collect();
        assert_eq!(pauses[0], Verdict::RestartAfter(Duration::from_millis(50)));
        assert_eq!(pauses[4], Verdict::RestartAfter(Duration::from_millis(800)));
        assert_eq!(history.record(start + Duration::from_secs(59)), Verdict::Quarantine);
    }

    #[test]
    fn failures_that_are_far_apart_never_add_up() {
        let start = Instant::now();
        let mut history = FailureHistory::default();
        for minute in 0..100 {
            assert_eq!(history.record(start + Duration::from_secs(61 * minute)), Verdict::RestartAfter(FIRST_PAUSE));
        }
    }
}
