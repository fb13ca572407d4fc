//! Numbers are dense from 1, in every session and in every workspace (invariant I1).

use super::{
    evidence::Evidence,
    violation::{Kind, Violation},
};
use crate::cli::drill::history::Subject;

pub(super) fn check(evidence: &Evidence, violations: &mut Vec<Violation>) {
    for (session, log) in &evidence.sessions {
        check_run(Subject::Session(*session), log.iter().map(|event| event.sequence), violations);
    }
    for (user, log) in evidence.workspaces.iter().enumerate() {
        check_run(Subject::Workspace(user), log.iter().map(|event| event.sequence), violations);
    }
}

fn check_run(subject: Subject, sequences: impl Iterator<Item = u64>, violations: &mut Vec<Violation>) {
    let mut last = 0;
    for sequence in sequences {
        if sequence != last + 1 {
            violations.push(Violation::new(Kind::LogNotDense, format!("{subject}: {sequence} follows {last}")));
        }
        last = sequence;
    }
}
