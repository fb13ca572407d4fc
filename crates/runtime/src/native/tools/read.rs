//! `read`: the text of a file.

use super::{
    super::turn::Turn,
    Call, Description, ToolResult,
    input::shorten,
    workspace::{read, relative},
};
use serde::Deserialize;
use serde_json::json;

pub(super) fn describe() -> Description {
    ("Read a text file of the workspace.", json!({ "path": { "type": "string" } }), &["path"])
}

#[derive(Deserialize)]
struct Arguments {
    path: String,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let path = relative(&call.arguments::<Arguments>()?.path)?;
    let limits = &turn.shared.limits;
    let (file_limit, output_limit) = (limits.max_file_bytes, limits.max_tool_output);
    turn.in_workspace(move |dir| {
        let text = String::from_utf8(read(dir, &path, file_limit)?).map_err(|_| std::io::ErrorKind::InvalidData)?;
        Ok(shorten(text, output_limit))
    })
    .await
}
