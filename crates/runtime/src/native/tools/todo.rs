//! `todo`: the to-do list as a whole.

use super::{super::turn::Turn, Call, Description, ToolError, ToolResult};
use cowork_domain::runtime_event::{RuntimeEvent, Todo};
use serde::Deserialize;
use serde_json::json;

const MAX_TODOS: usize = 200;

pub(super) fn describe() -> Description {
    let todo = json!({
        "type": "object",
        "properties": {
            "content": { "type": "string" },
            "status": { "type": "string", "enum": ["pending", "in_progress", "completed", "cancelled"] },
            "priority": { "type": "string", "enum": ["high", "medium", "low"] },
        },
        "required": ["content"],
    });
    ("Replace the to-do list that the person sees.", json!({ "todos": { "type": "array", "items": todo } }), &["todos"])
}

#[derive(Deserialize)]
struct Arguments {
    todos: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    content: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    priority: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { todos } = call.arguments()?;
    if todos.len() > MAX_TODOS || todos.iter().any(|todo| todo.content.trim().is_empty()) {
        return Err(ToolError::refused(format!("a list has at most {MAX_TODOS} lines, and none of them is empty")));
    }
    let todos: Vec<Todo> = todos
        .into_iter()
        .map(|line| Todo {
            content: line.content,
            status: line.status.unwrap_or_else(|| "pending".to_owned()),
            priority: line.priority.unwrap_or_else(|| "medium".to_owned()),
            id: line.id,
        })
        .collect();
    let count = todos.len();
    turn.reports.send(RuntimeEvent::Todos(todos)).await?;
    Ok(format!("the list has {count} lines"))
}
