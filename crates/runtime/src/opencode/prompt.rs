//! A turn in the form in which OpenCode is prompted.

use super::models::ModelLease;
use crate::{HistoryMessage, HistoryRole, TurnRequest};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Older history than this is left out, in bytes.
const MAX_HISTORY: usize = 256 << 10;

/// The prompt itself.
pub(super) fn prompt(turn: &TurnRequest, model: &ModelLease) -> Value {
    message(turn, model, &turn.text)
}

/// What was said before, in one message; none if there was nothing.
///
/// OpenCode takes messages of a person only, so the conversation is told instead of replayed.
pub(super) fn recall(turn: &TurnRequest, model: &ModelLease) -> Option<Value> {
    let recent = recent(&turn.history);
    if recent.is_empty() {
        return None;
    }
    let mut text = String::from("What was said in this conversation before, for you to know and not to answer:\n");
    for said in recent {
        let tag = match said.role {
            HistoryRole::User => "user",
            HistoryRole::Assistant => "assistant",
        };
        write!(text, "\n<{tag}>\n{}\n</{tag}>\n", said.content).expect("a string takes any text");
    }
    Some(message(turn, model, &text))
}

fn message(turn: &TurnRequest, model: &ModelLease, text: &str) -> Value {
    let agent = if turn.agent == "plan" { "plan" } else { "build" };
    json!({
        "model": { "providerID": model.provider, "modelID": model.model },
        "agent": agent,
        "parts": [{ "type": "text", "text": text }],
    })
}

/// The newest messages that fit.
fn recent(history: &[HistoryMessage]) -> &[HistoryMessage] {
    let mut size = 0;
    let fitting = history.iter().rev().take_while(|message| {
        size += message.content.len();
        size <= MAX_HISTORY
    });
    &history[history.len() - fitting.count()..]
}
