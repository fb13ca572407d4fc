//! What a model is told before and besides the user's words.

use crate::{HistoryMessage, HistoryRole, TurnRequest};
use rig_core::completion::Message;

/// Older messages than these are not sent.
const MAX_MESSAGES: usize = 200;
/// Nor is history beyond this size, in bytes.
const MAX_HISTORY: usize = 256 << 10;

const AGENT: &str = "You are an agent that works for a person in a shared session. Be brief and factual. \
    Files live in the session's workspace; use relative paths. Use the tools when they help, ask the person when a decision is theirs, \
    and publish results worth keeping as artifacts.";
const PLANNER: &str = "You plan work for a person in a shared session. Read what you need, ask what is unclear, \
    and answer with a plan. Don't write files and don't run commands. Files live in the session's workspace; use relative paths.";
/// Stands where a turn gave no answer. Without it providers are sent two messages of the user in one, and a model would act on
/// a prompt again that its person had stopped.
const UNANSWERED: &str = "(This turn ended without an answer.)";
const DELEGATE: &str = "You do one delegated piece of work. Answer with the result alone, as short as it can be.";

/// The conversation of a turn: instructions, history, prompt.
pub(super) fn conversation(turn: &TurnRequest) -> Vec<Message> {
    let mut messages = vec![Message::system(if turn.agent == "plan" { PLANNER } else { AGENT })];
    messages.extend(spoken(recent(&turn.history), &turn.text));
    messages
}

/// History and prompt, with an answer after each message of the user but the last.
fn spoken(history: &[HistoryMessage], prompt: &str) -> Vec<Message> {
    let mut messages = Vec::with_capacity(history.len() + 1);
    let mut waits_for_answer = false;
    for message in history.iter().filter(|message| !message.content.is_empty()) {
        let is_users = message.role == HistoryRole::User;
        if waits_for_answer && is_users {
            messages.push(Message::assistant(UNANSWERED));
        }
        waits_for_answer = is_users;
        messages.push(match message.role {
            HistoryRole::User => Message::user(message.content.as_str()),
            HistoryRole::Assistant => Message::assistant(message.content.as_str()),
        });
    }
    if waits_for_answer {
        messages.push(Message::assistant(UNANSWERED));
    }
    messages.push(Message::user(prompt));
    messages
}

/// The conversation of a delegated run.
pub(super) fn delegation(prompt: &str) -> Vec<Message> {
    vec![Message::system(DELEGATE), Message::user(prompt)]
}

/// The newest messages that fit.
fn recent(history: &[HistoryMessage]) -> &[HistoryMessage] {
    let mut size = 0;
    let fitting = history.iter().rev().take(MAX_MESSAGES).take_while(|message| {
        size += message.content.len();
        size <= MAX_HISTORY
    });
    &history[history.len() - fitting.count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_was_stopped_does_not_run_into_the_next_one() {
        let said = |role, content: &str| HistoryMessage { role, content: content.to_owned() };
        let history = [
            said(HistoryRole::User, "hello"),
            said(HistoryRole::Assistant, "hi"),
            said(HistoryRole::User, "delete everything"),
            said(HistoryRole::User, "no, wait"),
        ];
        let expected = [
            Message::user("hello"),
            Message::assistant("hi"),
            Message::user("delete everything"),
            Message::assistant(UNANSWERED),
            Message::user("no, wait"),
            Message::assistant(UNANSWERED),
            Message::user("list the files"),
        ];
        assert_eq!(spoken(&history, "list the files"), expected);
    }

    #[test]
    fn only_the_newest_history_is_sent() {
        let message = |size: usize| HistoryMessage { role: HistoryRole::User, content: "x".repeat(size) };
        assert_eq!(recent(&vec![message(1); 500]).len(), MAX_MESSAGES);
        let history = [message(10), message(MAX_HISTORY), message(20)];
        assert_eq!(recent(&history), &history[2..]);
        assert_eq!(recent(&[]), &[]);
    }
}
