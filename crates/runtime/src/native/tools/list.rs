//! `list`: what a folder holds.

use super::{super::turn::Turn, Call, Description, ToolResult, workspace::relative};
use serde::Deserialize;
use serde_json::json;

/// More entries than this help nobody.
const MAX_ENTRIES: usize = 1_000;

pub(super) fn describe() -> Description {
    ("List a folder of the workspace; folders end with a slash.", json!({ "path": { "type": "string" } }), &[])
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default = "here")]
    path: String,
}

fn here() -> String {
    ".".to_owned()
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let path = relative(&call.arguments::<Arguments>()?.path)?;
    turn.in_workspace(move |dir| {
        let mut names = Vec::new();
        for entry in dir.read_dir(&path)?.take(MAX_ENTRIES + 1) {
            let entry = entry?;
            let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
            names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
        }
        let more = names.len() > MAX_ENTRIES;
        names.truncate(MAX_ENTRIES);
        names.sort_unstable();
        if more {
            names.push("[and more]".to_owned());
        }
        Ok(if names.is_empty() { "the folder is empty".to_owned() } else { names.join("\n") })
    })
    .await
}
