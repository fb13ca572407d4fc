//! Was anything lost, doubled, reordered or written by somebody who no longer owned it?
//!
//! The judge looks at two things that were written down independently: what the clients saw, and what
//! the database holds. It decides without asking anybody, so that each of its rules is tested with a
//! history that breaks it.

mod collect;
mod effects;
mod ends;
mod evidence;
mod fences;
mod logs;
mod measures;
mod requests;
mod rounds;
mod streams;
mod turns;
mod violation;

#[cfg(test)]
mod tests;

pub(super) use collect::{collect, heads, unfinished};
pub(super) use evidence::Evidence;
pub(super) use measures::Measures;
pub(super) use violation::{Kind, Violation};

use super::history::History;

/// What the judge says about a history.
#[derive(Debug)]
pub(super) struct Verdict {
    /// None on a cloud that keeps its promises.
    pub(super) violations: Vec<Violation>,
    pub(super) measures: Measures,
}

/// Applies every rule.
pub(super) fn judge(history: &History, evidence: &Evidence) -> Verdict {
    let mut violations = Vec::new();
    rounds::check(history, &mut violations);
    requests::check(history, &mut violations);
    ends::check(history, evidence, &mut violations);
    effects::check(history, evidence, &mut violations);
    logs::check(evidence, &mut violations);
    streams::check(history, evidence, &mut violations);
    fences::check(evidence, &mut violations);
    Verdict { violations, measures: Measures::of(history, evidence) }
}
