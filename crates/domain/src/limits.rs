//! Limits on requests (contract 00 §6): fixed windows whose permits nodes lease in blocks, and the wait after rejected
//! credentials.
//!
//! Windows are aligned to multiples of their length since 1970, on the database's clock, so that all nodes mean the same one.

use std::time::Duration;

/// How many blocks the permits of a window make, as long as enough of them are left. More blocks mean more questions to the
/// database; fewer mean that more permits may lie unused on the wrong node.
const BLOCKS_PER_WINDOW: u64 = 20;

/// So many requests in every window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Length of a window.
    pub window: Duration,
    /// Requests in it.
    pub max_requests: u64,
}

impl RateLimit {
    /// How many permits a node asks for when it believes that `left` are left. Blocks shrink near the limit, so that the last
    /// permits don't lie on one node while another one refuses.
    pub fn block(&self, left: u64) -> u64 {
        (self.max_requests / BLOCKS_PER_WINDOW).min(left / 2).max(1)
    }
}

/// Who shows bad credentials again and again has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffRule {
    /// Length of a window.
    pub window: Duration,
    /// Rejections in it before the wait.
    pub max_failures: u64,
    /// Length of the wait.
    pub wait: Duration,
}

impl BackoffRule {
    /// Whether so many rejections in a window start a wait. Each further one in the same window starts another: neither the
    /// end of a wait nor a success sets the count back.
    pub const fn blocks(&self, failures: u64) -> bool {
        failures >= self.max_failures
    }

    /// What is left of the window that a moment lies in; for a node that has to count without the database.
    pub fn rest_of_window(&self, unix_millis: i64) -> Duration {
        let window = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        Duration::from_millis((window - unix_millis.rem_euclid(window)).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_block_is_a_twentieth_and_less_near_the_limit() {
        let limit = RateLimit { window: MINUTE, max_requests: 600 };
        let blocks: Vec<u64> = [600, 60, 59, 10, 3, 2, 1, 0].map(|left| limit.block(left)).into();
        assert_eq!(blocks, [30, 30, 29, 5, 1, 1, 1, 1]);
        assert_eq!(RateLimit { window: MINUTE, max_requests: 3 }.block(3), 1);
    }

    #[test]
    fn windows_are_aligned_to_multiples_of_their_length() {
        let rule = BackoffRule { window: MINUTE, max_failures: 10, wait: MINUTE };
        assert_eq!(rule.rest_of_window(0), MINUTE);
        assert_eq!(rule.rest_of_window(60_000 * 7 + 59_999), Duration::from_millis(1));
        assert_eq!(rule.rest_of_window(-1), Duration::from_millis(1));
        assert!(!rule.blocks(9) && rule.blocks(10) && rule.blocks(11));
    }

    proptest! {
        /// However nodes take turns, all permits are handed out and not one more, and the questions stay few.
        #[test]
        fn blocks_share_out_a_window_exactly(max_requests in 1_u64..5000, believed in proptest::collection::vec(0_u64..4, 1..8)) {
            let limit = RateLimit { window: MINUTE, max_requests };
            let (mut used, mut questions) = (0, 0_u64);
            // What a node believes to be left may be stale, which only makes it ask for too much.
            let stale = believed.iter().cycle();
            for extra in stale {
                let wanted = limit.block((max_requests - used) * (1 + extra));
                let granted = wanted.min(max_requests - used);
                prop_assert!(granted <= (max_requests / BLOCKS_PER_WINDOW).max(1));
                used += granted;
                questions += 1;
                if granted == 0 {
                    break;
                }
            }
            prop_assert_eq!(used, max_requests);
            prop_assert!(questions <= 3 * BLOCKS_PER_WINDOW + 64, "{} questions", questions);
        }
    }
}
