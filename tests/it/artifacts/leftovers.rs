//! What nobody published is removed.

use super::upload::upload;
use crate::{
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Instant;

#[tokio::test]
async fn a_content_that_a_crash_left_is_removed_and_its_bytes_are_given_back() {
    let server = Server::with(&[("ARTIFACT_DIRECT_UPLOAD_CLEANUP_INTERVAL_MS", "100")]).await;
    let session = server.session().await;
    for name in ["kept.txt", "left.txt"] {
        upload(&server, &session, json!({ "filename": name, "dataBase64": "aGVsbG8=" })).await.expect(StatusCode::CREATED, "");
    }
    let rows = server.rows("select o.object_key, o.artifact from artifact_objects o join artifact_index i using (session, artifact) order by i.payload::json->>'filename'").await;
    let file = |row: usize| server.data_dir().join("objects").join(rows[row]["object_key"].as_str().expect("a key"));
    let (kept, left) = (file(0), file(1));
    assert!(kept.exists() && left.exists());
    // As if the server had died between the object and the event.
    let artifact = rows[1]["artifact"].as_str().expect("an id");
    server
        .sql(&format!(
            "update artifact_objects set published = false, expires_at = now() - interval '1 minute' where artifact = '{artifact}'"
        ))
        .await;
    let deadline = Instant::now() + PATIENCE;
    while left.exists() || server.rows("select artifact from artifact_objects").await.len() > 1 {
        assert!(Instant::now() < deadline, "it was never removed:\n{}", server.log());
        tokio::time::sleep(GLANCE).await;
    }
    assert!(kept.exists(), "what is published stays");
    assert_eq!(server.rows("select bytes from artifact_days").await, [json!({ "bytes": 5 })]);
}
