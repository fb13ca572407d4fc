//! One idempotency key has one effect (invariant I5), however often and through however many nodes its
//! request was sent.

use super::{
    evidence::{Evidence, What},
    violation::{Kind, Violation},
};
use crate::cli::drill::history::{CallRecord, History};
use cowork_domain::ids::{CommandId, SessionId};
use std::collections::{BTreeSet, HashMap};

pub(super) fn check(history: &History, evidence: &Evidence, violations: &mut Vec<Violation>) {
    prompts(history, evidence, violations);
    creations(history, evidence, violations);
}

fn prompts(history: &History, evidence: &Evidence, violations: &mut Vec<Violation>) {
    // The text is different for each key. A turn that is attempted again says its prompt only once.
    let mut effects: HashMap<(SessionId, &str), Vec<Option<CommandId>>> = HashMap::new();
    for (session, log) in &evidence.sessions {
        for event in log {
            if let What::Prompt { command, text } = &event.what {
                effects.entry((*session, text)).or_default().push(*command);
            }
        }
    }
    for prompt in &history.prompts {
        let answers = prompt.repeated.iter().chain([&prompt.call]).filter_map(CallRecord::acknowledged);
        let promised: BTreeSet<CommandId> = answers.collect();
        let mut report = |what: String| violations.push(Violation::new(Kind::DoubleEffect, format!("key {}: {what}", prompt.key)));
        if promised.len() > 1 {
            report(format!("was promised as {promised:?}"));
        }
        match effects.get(&(prompt.session, prompt.text.as_str())).map(Vec::as_slice) {
            None | Some([_]) => {}
            Some(several) => report(format!("is in the log {} times, as {several:?}", several.len())),
        }
    }
}

fn creations(history: &History, evidence: &Evidence, violations: &mut Vec<Violation>) {
    let mut effects: HashMap<(usize, &str), Vec<SessionId>> = HashMap::new();
    for (user, log) in evidence.workspaces.iter().enumerate() {
        for (session, title) in log.iter().filter_map(|event| event.created.as_ref()) {
            effects.entry((user, title)).or_default().push(*session);
        }
    }
    for creation in &history.creations {
        if let Some(several @ [_, _, ..]) = effects.get(&(creation.user, creation.title.as_str())).map(Vec::as_slice) {
            violations.push(Violation::new(Kind::DoubleEffect, format!("key {}: made the sessions {several:?}", creation.key)));
        }
    }
}
