//! What was acknowledged is in the log and comes to its end, with its whole answer (invariant I2).

use super::{
    evidence::Evidence,
    turns::{Turn, turns},
    violation::{Kind, Violation},
};
use crate::cli::drill::history::{History, PromptRecord};
use cowork_domain::{
    ids::{CommandId, SessionId},
    session::CommandStatus,
};
use std::collections::HashMap;

pub(super) fn check(history: &History, evidence: &Evidence, violations: &mut Vec<Violation>) {
    let sessions: HashMap<SessionId, HashMap<CommandId, Turn>> =
        evidence.sessions.iter().map(|(session, log)| (*session, turns(log))).collect();
    for prompt in &history.prompts {
        let Some(command) = prompt.call.acknowledged() else { continue };
        let turn = sessions.get(&prompt.session).and_then(|turns| turns.get(&command));
        if let Some((kind, what)) = fault(prompt, evidence.commands.get(&command).copied(), turn) {
            violations.push(Violation::new(kind, format!("{command} of {}: {what}", prompt.session)));
        }
    }
    for creation in &history.creations {
        if let Some(session) = creation.call.acknowledged()
            && evidence.session_head(session) == 0
        {
            violations.push(Violation::new(Kind::LostPromise, format!("{session} was acknowledged, but it has no log")));
        }
    }
}

/// What is wrong with an acknowledged prompt, if anything is.
fn fault(prompt: &PromptRecord, status: Option<CommandStatus>, turn: Option<&Turn>) -> Option<(Kind, String)> {
    let Some(status) = status else {
        return Some((Kind::LostPromise, "acknowledged, but there is no such command".to_owned()));
    };
    let ended = turn.filter(|turn| turn.end.is_some());
    match (status, ended) {
        (CommandStatus::Pending | CommandStatus::Running, _) => Some((Kind::UnfinishedPrompt, format!("it is still {}", status.as_str()))),
        (_, None) => Some((Kind::UnfinishedPrompt, format!("it is {}, but the log has no end of its turn", status.as_str()))),
        // Given up after its last attempt: an end, and the log says so.
        (CommandStatus::Failed, Some(turn)) if turn.failed => None,
        (CommandStatus::Acked, Some(turn)) if turn.answer == prompt.answer => None,
        (CommandStatus::Acked, Some(turn)) => {
            Some((Kind::WrongAnswer, format!("the log has the answer {:?} instead of {:?}", turn.answer, prompt.answer)))
        }
        (CommandStatus::Failed, Some(_)) => {
            Some((Kind::WrongAnswer, "it failed, but the log says that its turn ended in order".to_owned()))
        }
    }
}
