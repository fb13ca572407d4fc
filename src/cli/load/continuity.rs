//! Is a stream's run of sequences contiguous (invariant I4)?

use serde::Serialize;
use std::collections::BTreeSet;

/// What must be zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Integrity {
    /// Sequences that never came.
    pub(super) lost: u64,
    /// Sequences that came again.
    pub(super) duplicated: u64,
    /// Sequences that came after a later one.
    pub(super) reordered: u64,
}

impl Integrity {
    pub(super) fn is_clean(self) -> bool {
        self == Self::default()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
    }
}

/// The run of one stream, from the cursor that it was opened with.
#[derive(Debug)]
pub(super) struct Continuity {
    last: u64,
    /// Skipped and not seen since; empty on a healthy stream, and then costs nothing.
    missing: BTreeSet<u64>,
    found: Integrity,
}

/// A stream that skips more than this at once is counted, not remembered one by one.
const MAX_REMEMBERED: usize = 10_000;

impl Continuity {
    pub(super) fn after(cursor: u64) -> Self {
        Self { last: cursor, missing: BTreeSet::new(), found: Integrity::default() }
    }

    /// The greatest sequence seen.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Takes note of a sequence; `true` if it is new.
    pub(super) fn note(&mut self, sequence: u64) -> bool {
        if sequence == self.last + 1 {
            self.last = sequence;
            return true;
        }
        if sequence > self.last {
            let skipped = (self.last + 1)..sequence;
            self.found.lost += sequence - self.last - 1;
            self.missing.extend(skipped.take(MAX_REMEMBERED.saturating_sub(self.missing.len())));
            self.last = sequence;
            return true;
        }
        if self.missing.remove(&sequence) {
            self.found.lost -= 1;
            self.found.reordered += 1;
            return true;
        }
        self.found.duplicated += 1;
        false
    }

    /// What was found, given that the log went up to `end`.
    pub(super) fn finish(&self, end: u64) -> Integrity {
        Integrity { lost: self.found.lost + end.saturating_sub(self.last), ..self.found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(after: u64, seen: &[u64], end: u64) -> Integrity {
        let mut run = Continuity::after(after);
        for sequence in seen {
            run.note(*sequence);
        }
        run.finish(end)
    }

    #[test]
    fn each_fault_is_counted_as_what_it_is() {
        assert!(check(3, &[4, 5, 6], 6).is_clean());
        assert_eq!(check(0, &[1, 3], 4), Integrity { lost: 2, ..Integrity::default() });
        assert_eq!(check(0, &[1, 2, 2, 1, 3], 3), Integrity { duplicated: 2, ..Integrity::default() });
        assert_eq!(check(0, &[1, 3, 2, 4], 4), Integrity { reordered: 1, ..Integrity::default() });
    }
}
