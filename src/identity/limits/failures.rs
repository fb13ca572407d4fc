//! What a node knows of one scope's rejections.

use cowork_domain::limits::BackoffRule;
use cowork_store::AuthFailures;
use std::time::{Duration, Instant};

/// Rejections of a scope in the current window, and its wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    /// Over all nodes, as far as this one knows.
    known: u64,
    /// Of them, those that the database wasn't told yet.
    unsent: u64,
    window_ends: Instant,
    blocked_until: Option<Instant>,
}

impl Failures {
    /// None so far.
    pub(super) const fn none(now: Instant) -> Self {
        Self { known: 0, unsent: 0, window_ends: now, blocked_until: None }
    }

    /// One more.
    pub(super) fn add(&mut self, rule: BackoffRule, rest_of_window: Duration, now: Instant) {
        if self.window_ends <= now {
            (self.known, self.unsent, self.window_ends) = (0, 0, now + rest_of_window);
        }
        self.known += 1;
        self.unsent += 1;
        if rule.blocks(self.known) {
            self.block(now + rule.wait);
        }
    }

    /// What the database is to be told now. If it can't be, [`Failures::keep_unsent`] has them for the next time.
    pub(super) const fn take_unsent(&mut self) -> u64 {
        std::mem::replace(&mut self.unsent, 0)
    }

    /// The database was not told after all.
    pub(super) const fn keep_unsent(&mut self, failures: u64) {
        self.unsent += failures;
    }

    /// What the database counts, over all nodes.
    pub(super) fn learn(&mut self, counted: &AuthFailures, now: Instant) {
        self.known = counted.failures.saturating_add(self.unsent);
        self.window_ends = now + counted.rest;
        if let Some(rest) = counted.blocked_for {
            self.block(now + rest);
        }
    }

    /// The scope has to wait; a wait never becomes shorter.
    pub(super) fn block(&mut self, until: Instant) {
        self.blocked_until = self.blocked_until.max(Some(until));
    }

    /// How long it still has to wait.
    pub(super) fn blocked_for(&self, now: Instant) -> Option<Duration> {
        self.blocked_until.map(|until| until.saturating_duration_since(now)).filter(|rest| !rest.is_zero())
    }

    /// Nothing to remember any more.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.window_ends <= now && self.blocked_for(now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn after_a_wait_one_more_in_the_same_window_starts_another() {
        let rule = BackoffRule { window: seconds(60), max_failures: 3, wait: seconds(5) };
        let start = Instant::now();
        let at = |count| start + seconds(count);
        let mut failures = Failures::none(start);
        for _ in 0..2 {
            failures.add(rule, seconds(60), start);
        }
        assert_eq!(failures.blocked_for(start), None, "the first ones are answered");
        failures.add(rule, seconds(60), at(1));
        assert_eq!(failures.blocked_for(at(2)), Some(seconds(4)));
        assert_eq!(failures.blocked_for(at(6)), None);
        failures.add(rule, seconds(1), at(10));
        assert_eq!(failures.blocked_for(at(14)), Some(seconds(1)), "the count lives until its window ends");
        assert!(!failures.is_over(at(59)) && failures.is_over(at(60)));
        failures.add(rule, seconds(60), at(60));
        assert_eq!(failures.blocked_for(at(60)), None, "a new window counts anew");
    }

    #[test]
    fn what_other_nodes_saw_counts_too() {
        let rule = BackoffRule { window: seconds(60), max_failures: 5, wait: seconds(60) };
        let now = Instant::now();
        let mut failures = Failures::none(now);
        failures.add(rule, seconds(60), now);
        assert_eq!(failures.take_unsent(), 1);
        failures.add(rule, seconds(60), now);
        let counted = AuthFailures { scope: String::new(), failures: 3, rest: seconds(30), blocked_for: None };
        failures.learn(&counted, now);
        assert_eq!(failures.blocked_for(now), None);
        failures.add(rule, seconds(30), now);
        assert_eq!(failures.blocked_for(now), Some(seconds(60)), "three in the database and two that it wasn't told");
        failures.keep_unsent(0);
        assert_eq!(failures.take_unsent(), 2);
        failures.block(now + seconds(10));
        assert_eq!(failures.blocked_for(now), Some(seconds(60)), "a wait never becomes shorter");
    }
}
