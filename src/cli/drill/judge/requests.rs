//! No request fails, and none keeps anybody waiting for too long (architecture §5: a request waits for the
//! new owner instead of failing).

use super::violation::{Kind, Violation};
use crate::cli::drill::history::{CallRecord, History, Outcome};
use std::time::Duration;

/// The deadline of a request at the front door.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn check(history: &History, violations: &mut Vec<Violation>) {
    for prompt in &history.prompts {
        check_call("prompt", &prompt.key, &prompt.call, violations);
        for call in &prompt.repeated {
            check_call("repeated prompt", &prompt.key, call, violations);
        }
    }
    for creation in &history.creations {
        check_call("session", &creation.key, &creation.call, violations);
    }
}

fn check_call<T>(what: &str, key: &str, call: &CallRecord<T>, violations: &mut Vec<Violation>) {
    let took = call.ended.since(call.intended);
    match &call.outcome {
        Outcome::Failed(reason) => {
            let text = format!("{what} {key} after {took:.1?} and {} tries: {reason}", call.tries);
            violations.push(Violation::new(Kind::FailedRequest, text));
        }
        Outcome::Acknowledged(_) if took > LIMIT => {
            violations.push(Violation::new(Kind::SlowRequest, format!("{what} {key} took {took:.1?} and {} tries", call.tries)));
        }
        Outcome::Acknowledged(_) => {}
    }
}
