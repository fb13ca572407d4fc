//! Which turns were dropped already: `[[drop]]` acts once per turn, so that a retry succeeds.

use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};

/// How many turns are remembered; more than can be in their retries at once.
const REMEMBERED: usize = 10_000;

/// The turns that were dropped, oldest forgotten first.
#[derive(Default)]
pub(super) struct DroppedTurns(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    order: VecDeque<String>,
    names: HashSet<String>,
}

impl DroppedTurns {
    /// `true` the first time a turn is named.
    pub(super) fn first_time(&self, turn: &str) -> bool {
        let mut seen = self.0.lock();
        if !seen.names.insert(turn.to_owned()) {
            return false;
        }
        seen.order.push_back(turn.to_owned());
        if seen.order.len() > REMEMBERED
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.names.remove(&oldest);
        }
        true
    }
}
