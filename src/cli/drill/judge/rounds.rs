//! Rounds that say nothing, because their fault did not take place or left a cluster that did not recover.

use super::violation::{Kind, Violation};
use crate::cli::drill::history::History;

pub(super) fn check(history: &History, violations: &mut Vec<Violation>) {
    for round in &history.rounds {
        if let Some(reason) = &round.invalid {
            violations.push(Violation::new(Kind::InvalidRound, format!("{} round {}: {reason}", round.fault.as_str(), round.number)));
        }
    }
}
