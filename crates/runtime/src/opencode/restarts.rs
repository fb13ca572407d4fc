//! When a process that failed may be started again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// More failures than this within [`WINDOW`], and nothing is started until one of them is older.
const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What went wrong lately with one organisation's process.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    recent: VecDeque<Instant>,
    count: u64,
}

/// It failed too often.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it failed {MOST} times within a minute; it is tried again in {} s", .0.as_secs().max(1))]
pub(super) struct Quarantined(Duration);

impl Restarts {
    /// It did not start, or it died.
    pub(super) fn failed(&mut self, now: Instant) {
        self.forget(now);
        self.recent.push_back(now);
        self.count += 1;
    }

    /// How long to wait before the next start: longer with every failure of the last minute.
    pub(super) fn pause(&mut self, now: Instant) -> Result<Duration, Quarantined> {
        self.forget(now);
        let Some((first, last)) = self.recent.front().zip(self.recent.back()) else { return Ok(Duration::ZERO) };
        if self.recent.len() >= MOST {
            return Err(Quarantined(WINDOW.saturating_sub(now.saturating_duration_since(*first))));
        }
        let doubled = FIRST_PAUSE * (1 << (self.recent.len() - 1));
        Ok(doubled.saturating_sub(now.saturating_duration_since(*last)))
    }

    /// Failures since the beginning.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Nothing went wrong lately.
    pub(super) fn is_clean(&mut self, now: Instant) -> bool {
        self.forget(now);
        self.recent.is_empty()
    }

    fn forget(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|failed| now.saturating_duration_since(*failed) > WINDOW) {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_in_a_quarantine_that_ends_by_itself() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        assert_eq!(restarts.pause(start), Ok(Duration::ZERO));
        for (failures, millis) in [(1, 200), (2, 400), (3, 800), (4, 1600)] {
            restarts.failed(start);
            assert_eq!(restarts.pause(start), Ok(Duration::from_millis(millis)), "{failures}");
        }
        assert_eq!(restarts.pause(start + Duration::from_secs(2)), Ok(Duration::ZERO));
        restarts.failed(start + Duration::from_secs(10));
        assert_eq!(restarts.pause(start + Duration::from_secs(20)), Err(Quarantined(Duration::from_secs(40))));
        assert_eq!(restarts.pause(start + Duration::from_secs(61)), Ok(Duration::ZERO));
        assert!(!restarts.is_clean(start + Duration::from_secs(61)) && restarts.is_clean(start + Duration::from_secs(75)));
        assert_eq!(restarts.count(), 5);
    }
}
