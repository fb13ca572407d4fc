//! How many writes a node may make in a second.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Writes of the current second.
pub(super) struct WriteBudget {
    per_second: u32,
    spent: Mutex<Option<(Instant, u32)>>,
}

impl WriteBudget {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, spent: Mutex::default() }
    }

    /// Whether there is room for one more.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut spent = self.spent.lock();
        match &mut *spent {
            Some((since, writes)) if now.saturating_duration_since(*since) < SECOND => {
                let has_room = *writes < self.per_second;
                *writes += u32::from(has_room);
                has_room
            }
            _ => {
                *spent = Some((now, 1));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_writes() {
        let (budget, start) = (WriteBudget::new(2), Instant::now());
        assert_eq!(
            [0, 1, 999, 1000, 1001, 1002].map(|at| budget.take(start + Duration::from_millis(at))),
            [true, true, false, true, true, false]
        );
    }
}
