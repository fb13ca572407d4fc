//! `bash`: a command in a sandbox, with a person's consent.

use super::{super::turn::Turn, Call, Description, ToolError, ToolResult, workspace::folder};
use serde::Deserialize;
use serde_json::json;

pub(super) fn describe() -> Description {
    (
        "Run a shell command in the workspace, without network. The person is asked first.",
        json!({ "command": { "type": "string" } }),
        &["command"],
    )
}

#[derive(Deserialize)]
struct Arguments {
    command: String,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { command } = call.arguments()?;
    if command.trim().is_empty() || command.contains('\0') {
        return Err(ToolError::refused("a command is needed"));
    }
    let Some(sandbox) = turn.shared.sandbox.find().await else {
        return Err(ToolError::refused("no sandbox on this machine: install bubblewrap (bwrap) to let agents run commands"));
    };
    turn.ask_permission("bash", call.input, format!("run: {command}")).await?;
    turn.in_workspace(|_| Ok(())).await?; // makes the folder
    let workspace = folder(&turn.shared.workspaces, turn.session);
    let limits = &turn.shared.limits;
    let ran = turn.bounded(sandbox.run(&workspace, &command, limits.command, limits.max_tool_output)).await?;
    let finished = ran.map_err(|error| ToolError::refused(error.to_string()))?;
    if finished.success { Ok(finished.output) } else { Err(ToolError::Refused(finished.output)) }
}
