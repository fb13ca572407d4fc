//! Every subscriber sees a contiguous run (invariant I4), all of it, and all see the same.

use super::{
    evidence::Evidence,
    violation::{Kind, Violation},
};
use crate::cli::drill::history::{History, StreamRecord, Subject};
use std::collections::HashMap;

pub(super) fn check(history: &History, evidence: &Evidence, violations: &mut Vec<Violation>) {
    let mut agreed: HashMap<(Subject, u64), u64> = HashMap::new();
    for stream in &history.streams {
        check_run(stream, evidence, violations);
        for frame in &stream.frames {
            let first_seen = *agreed.entry((stream.subject, frame.sequence)).or_insert(frame.hash);
            if first_seen != frame.hash {
                let what = format!("{}: two subscribers got different bytes as {}", stream.subject, frame.sequence);
                violations.push(Violation::new(Kind::StreamsDiffer, what));
            }
        }
    }
}

fn check_run(stream: &StreamRecord, evidence: &Evidence, violations: &mut Vec<Violation>) {
    let mut report = |kind, what: String| {
        let who = if stream.live { "live" } else { "late" };
        violations.push(Violation::new(kind, format!("{}, {who} after {} connections: {what}", stream.subject, stream.connections)));
    };
    let mut missing: Vec<u64> = Vec::new();
    let mut last = 0;
    for frame in &stream.frames {
        let sequence = frame.sequence;
        if sequence > last {
            missing.extend(last + 1..sequence);
            last = sequence;
        } else if let Some(place) = missing.iter().position(|number| *number == sequence) {
            missing.remove(place);
            report(Kind::StreamReorder, format!("{sequence} came after {last}"));
        } else {
            report(Kind::StreamDuplicate, format!("{sequence} came again after {last}"));
        }
    }
    if let Some(reason) = &stream.refused {
        report(Kind::StreamRefused, reason.clone());
    }
    let head = match stream.subject {
        Subject::Session(session) => evidence.session_head(session),
        Subject::Workspace(user) => evidence.workspace_head(user),
    };
    missing.extend(last + 1..=head);
    if let (Some(first), Some(end)) = (missing.first(), missing.last()) {
        report(Kind::StreamGap, format!("{} events never came, the first is {first}, the last {end} of {head}", missing.len()));
    }
}
