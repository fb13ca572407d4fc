//! `question`: asks the user, and waits.

use super::{
    super::{failure::Stop, reports::fresh_id, turn::Turn},
    Call, Description, ToolError, ToolResult,
};
use cowork_domain::runtime_event::{Answer, Question, RuntimeEvent};
use serde::Deserialize;
use serde_json::{Value, json};

/// More questions at once than a person wants to see.
const MAX_QUESTIONS: usize = 16;
const MAX_OPTIONS: usize = 32;

pub(super) fn describe() -> Description {
    let option = json!({
        "type": "object",
        "properties": { "label": { "type": "string" }, "description": { "type": "string" } },
        "required": ["label"],
    });
    let question = json!({
        "type": "object",
        "properties": {
            "question": { "type": "string" },
            "header": { "type": "string" },
            "options": { "type": "array", "items": option },
            "multiple": { "type": "boolean" },
        },
        "required": ["question"],
    });
    ("Ask the person, with options to choose from.", json!({ "questions": { "type": "array", "items": question } }), &["questions"])
}

#[derive(Deserialize)]
struct Arguments {
    questions: Vec<Question>,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { questions } = call.arguments()?;
    let empty = questions.is_empty() || questions.iter().any(|question| question.question.trim().is_empty());
    let many = questions.len() > MAX_QUESTIONS || questions.iter().any(|question| question.options.len() > MAX_OPTIONS);
    if empty || many {
        return Err(ToolError::refused(format!("ask 1 to {MAX_QUESTIONS} questions, each with a text and at most {MAX_OPTIONS} options")));
    }
    let id = fresh_id("ques_");
    let mut ask = turn.asks.question(&id);
    turn.reports.send(RuntimeEvent::QuestionAsked { id, questions, tool_call: Some(call.id.to_owned()) }).await?;
    match turn.waiting_for_a_person(ask.answered()).await {
        Some(Answer::Question { answers, .. }) => Ok(answers.iter().map(spoken).collect::<Vec<_>>().join("\n")),
        Some(_) => Err(ToolError::refused("the user rejected the question")),
        None => Err(Stop::Gone.into()),
    }
}

/// An answer as clients send it (a label, or a list of labels), in words.
fn spoken(answer: &Value) -> String {
    match answer {
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(spoken).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
