//! `artifact`: a file that the user can fetch.

use super::{
    super::{reports::fresh_id, turn::Turn},
    Call, Description, ToolError, ToolResult,
    media_type::media_type,
    workspace::{read, relative, write},
};
use cowork_domain::runtime_event::RuntimeEvent;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, path::Path};

/// The folder that new artifacts are written to.
const FOLDER: &str = "artifacts";
const MAX_NAME: usize = 200;

pub(super) fn describe() -> Description {
    (
        "Publish a file for the person: new text (content), or a file of the workspace (path).",
        json!({ "name": { "type": "string" }, "content": { "type": "string" }, "path": { "type": "string" } }),
        &["name"],
    )
}

#[derive(Deserialize)]
struct Arguments {
    name: String,
    content: Option<String>,
    path: Option<String>,
}

pub(super) async fn run(turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
    let Arguments { name, content, path } = call.arguments()?;
    if !is_file_name(&name) {
        return Err(ToolError::refused("an artifact needs a plain file name, without folders"));
    }
    let path = if content.is_some() { format!("{FOLDER}/{name}") } else { path.unwrap_or_else(|| name.clone()) };
    let (place, limit) = (relative(&path)?, turn.shared.limits.max_file_bytes);
    if content.as_ref().is_some_and(|content| content.len() > limit) {
        return Err(ToolError::refused("the file is too large"));
    }
    let (size, sha256) = turn
        .in_workspace(move |dir| {
            let bytes = match content {
                Some(content) => {
                    write(dir, &place, content.as_bytes())?;
                    content.into_bytes()
                }
                None => read(dir, &place, limit)?,
            };
            Ok((bytes.len() as u64, hex(&Sha256::digest(&bytes))))
        })
        .await?;
    let mime = media_type(Path::new(&name)).to_owned();
    let published = format!("published {name} ({size} bytes)");
    turn.reports.send(RuntimeEvent::Artifact { id: fresh_id("art_"), filename: name, path, mime, size, sha256 }).await?;
    Ok(published)
}

fn is_file_name(name: &str) -> bool {
    let plain = !name.contains(['/', '\\']) && !name.chars().any(char::is_control);
    plain && !name.trim().is_empty() && name.len() <= MAX_NAME && !matches!(name, "." | "..")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
