//! `write`: a file in the workspace, with a person's consent.

use super::{
    super::turn::Turn,
    Call, Description, ToolError, ToolResult,
    workspace::{relative, write},
};
use serde::Deserialize;
use serde_json::json;

pub(super) fn describe() -> Description {
    (
        "Write a text file in the workspace; it replaces what was there. The person is asked first.",
        json!({ "path": { "type": "string" }, "content": { "type": "string" } }),
        &["path", "content"],
    )
}

#[derive(Deserialize)]
struct Arguments {
    path: String,
    content: String,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { path, content } = call.arguments()?;
    let place = relative(&path)?;
    let size = content.len();
    if size > turn.shared.limits.max_file_bytes {
        return Err(ToolError::refused("the file is too large"));
    }
    turn.ask_permission("write", call.input, format!("write {path} ({size} bytes)")).await?;
    turn.in_workspace(move |dir| write(dir, &place, content.as_bytes())).await?;
    Ok(format!("wrote {path} ({size} bytes)"))
}
