//! `task`: a delegated run, a conversation of its own with one answer.

use super::{
    super::{failure::Stop, prompt, reports::fresh_id, turn::Turn},
    Call, Description, ToolError, ToolResult,
    input::shorten,
};
use cowork_domain::runtime_event::{RuntimeEvent, TaskReport, TaskStatus};
use serde::Deserialize;
use serde_json::json;

pub(super) fn describe() -> Description {
    (
        "Delegate a self-contained piece of work; it sees only the prompt.",
        json!({ "title": { "type": "string" }, "prompt": { "type": "string" } }),
        &["title", "prompt"],
    )
}

#[derive(Deserialize)]
struct Arguments {
    title: String,
    prompt: String,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { title, prompt } = call.arguments()?;
    if title.trim().is_empty() || prompt.trim().is_empty() {
        return Err(ToolError::refused("a task needs a title and a prompt"));
    }
    let mut task = TaskReport {
        id: fresh_id("task_"),
        title,
        agent: Some(turn.agent.clone()),
        status: TaskStatus::Running,
        content: String::new(),
        error: None,
    };
    turn.reports.send(RuntimeEvent::Task(task.clone())).await?;
    let result = match turn.side_call(&prompt::delegation(&prompt)).await {
        Ok(answer) => {
            task.status = TaskStatus::Complete;
            task.content = shorten(answer, turn.shared.limits.max_tool_output);
            Ok(task.content.clone())
        }
        Err(Stop::Failed(failure)) => {
            task.status = TaskStatus::Error;
            task.error = Some(failure.message.clone());
            Err(ToolError::Refused(failure.message))
        }
        Err(Stop::Gone) => return Err(Stop::Gone.into()),
    };
    turn.reports.send(RuntimeEvent::Task(task)).await?;
    result
}
