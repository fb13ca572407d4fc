//! How agents call their tools: the same wish has other names and arguments in each of them.

use super::{directive::ToolDirective, plan::ToolCall};
use serde_json::{Value, json};

/// Whose tools a request offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Those of the native runtime.
    Ours,
    /// Those of OpenCode.
    OpenCode,
}

impl Dialect {
    /// Tells them by a tool that only one of them has.
    pub(super) fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        if names.any(|name| name == "todowrite") { Self::OpenCode } else { Self::Ours }
    }

    /// A wish as a tool call.
    pub(super) fn call(self, wish: &ToolDirective, number: usize) -> ToolCall {
        let (name, arguments) = match self {
            Self::Ours => ours(wish),
            Self::OpenCode => opencode(wish),
        };
        ToolCall { number, name, arguments }
    }
}

fn ours(wish: &ToolDirective) -> (&'static str, Value) {
    match wish {
        ToolDirective::Write { path, text } => ("write", json!({ "path": path, "content": text })),
        ToolDirective::Read { path } => ("read", json!({ "path": path })),
        ToolDirective::Bash { command } => ("bash", json!({ "command": command })),
        ToolDirective::Question { text, options } => {
            let options: Vec<Value> = options.iter().map(|label| json!({ "label": label })).collect();
            ("question", json!({ "questions": [{ "question": text, "options": options }] }))
        }
        ToolDirective::Todo { lines } => {
            let todos: Vec<Value> = lines.iter().map(|line| json!({ "content": line })).collect();
            ("todo", json!({ "todos": todos }))
        }
        ToolDirective::Artifact { name, text } => ("artifact", json!({ "name": name, "content": text })),
        ToolDirective::Task { title } => ("task", json!({ "title": title, "prompt": title })),
        ToolDirective::Look => ("list", json!({ "path": "." })),
    }
}

fn opencode(wish: &ToolDirective) -> (&'static str, Value) {
    match wish {
        // It has no tool that publishes: a file in the workspace is the next best.
        ToolDirective::Write { path, text } | ToolDirective::Artifact { name: path, text } => {
            ("write", json!({ "filePath": path, "content": text }))
        }
        ToolDirective::Read { path } => ("read", json!({ "filePath": path })),
        ToolDirective::Bash { command } => ("bash", json!({ "command": command, "description": "as the message asks" })),
        ToolDirective::Question { text, options } => {
            let options: Vec<Value> = options.iter().map(|label| json!({ "label": label, "description": label })).collect();
            ("question", json!({ "questions": [{ "question": text, "header": "Question", "options": options }] }))
        }
        ToolDirective::Todo { lines } => {
            let line = |content| json!({ "content": content, "status": "pending", "priority": "medium" });
            ("todowrite", json!({ "todos": lines.iter().map(line).collect::<Vec<_>>() }))
        }
        ToolDirective::Task { title } => ("task", json!({ "description": title, "prompt": title, "subagent_type": "general" })),
        ToolDirective::Look => ("read", json!({ "filePath": "." })),
    }
}
