//! `artifact`: a file that the user can fetch.

use super::{
    super::{reports::fresh_id, turn::Turn},
    Call, Description, ToolError, ToolResult,
    media_type::media_type,
    workspace::{read, relative, write},
};
use crate::PublishedFile;
use cowork_domain::runtime_event::RuntimeEvent;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::path::Path;

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
    let bytes = turn
        .in_workspace(move |dir| match content {
            Some(content) => {
                write(dir, &place, content.as_bytes())?;
                Ok(content.into_bytes())
            }
            None => read(dir, &place, limit),
        })
        .await?;
    let (size, sha256) = (bytes.len() as u64, HEXLOWER.encode(&Sha256::digest(&bytes)));
    let mime = media_type(Path::new(&name)).to_owned();
    let published = format!("published {name} ({size} bytes)");
    let id = fresh_id("art_");
    if let Some(keeper) = &turn.shared.artifacts {
        let file = PublishedFile {
            org: turn.org.clone(),
            session: turn.session,
            id: id.clone(),
            filename: name.clone(),
            mime: mime.clone(),
            content: bytes.into(),
        };
        turn.bounded(keeper.keep(file)).await?.map_err(|error| ToolError::refused(error.to_string()))?;
    }
    turn.reports.send(RuntimeEvent::Artifact { id, filename: name, path, mime, size, sha256 }).await?;
    Ok(published)
}

fn is_file_name(name: &str) -> bool {
    let plain = !name.contains(['/', '\\']) && !name.chars().any(char::is_control);
    plain && !name.trim().is_empty() && name.len() <= MAX_NAME && !matches!(name, "." | "..")
}
