//! Projects that sessions work on: judged, uploaded, fetched, and found in the workspace of the first turn.

mod git;
mod git_host;
mod restored;
mod rules;
mod upload;

use crate::{answer::Answer, server::Server};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A file of an upload.
fn file(path: &str, content: &[u8]) -> Value {
    json!({ "path": path, "dataBase64": STANDARD.encode(content) })
}

/// Uploads a project, which must be accepted, and returns how sessions refer to it.
async fn uploaded(server: &Server, files: &[Value]) -> Value {
    let answer = server.post("/api/project-sources/snapshots", json!({ "title": "Site", "files": files })).await;
    answer.expect(StatusCode::CREATED, "").body["projectSource"].clone()
}

/// Begins a session, which must be accepted, and returns its id.
async fn session_on(server: &Server, source: &Value) -> String {
    let created = server.post("/api/sessions", json!({ "projectSource": source })).await.expect(StatusCode::CREATED, "");
    crate::server::session_id(&created)
}

fn workspace(server: &Server, session: &str) -> PathBuf {
    server.data_dir().join("workspaces").join(session)
}

fn code(answer: &Answer) -> (StatusCode, &str) {
    (answer.status, answer.policy_code())
}
