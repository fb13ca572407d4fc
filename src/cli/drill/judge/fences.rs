//! Nobody writes after having been declared dead (invariant I3).

use super::{
    evidence::Evidence,
    violation::{Kind, Violation},
};

pub(super) fn check(evidence: &Evidence, violations: &mut Vec<Violation>) {
    for write in &evidence.fenced_writes {
        let allowed = write.last_allowed.map_or_else(|| "before any batch".to_owned(), |batch| format!("after batch {batch}"));
        let what = format!(
            "incarnation {} of node {} committed batch {} on lane {} although it had ended {allowed}",
            write.incarnation.0, write.node.0, write.found, write.lane
        );
        violations.push(Violation::new(Kind::FencedWrite, what));
    }
}
