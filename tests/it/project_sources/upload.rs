//! Uploads: what is accepted, what it costs, and when it is removed.

use super::{code, file, session_on, uploaded};
use crate::{
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Instant;

const UPLOAD: &str = "/api/project-sources/snapshots";

#[tokio::test]
async fn an_upload_reads_like_the_recording_and_is_refused_by_name() {
    let server =
        Server::with(&[("MAX_ARTIFACT_BYTES_PER_DAY", "3000"), ("PROJECT_SOURCES_SNAPSHOTS", r#"{"maxFiles":3,"maxBytes":2000}"#)]).await;
    let body = json!({
        "title": "My project", "excluded": [], "warnings": [],
        "files": [{ "path": "README.md", "dataBase64": "IyBoaQo=" }, { "path": "src/a.ts", "dataBase64": "eA==", "byteCount": 1, "mode": 420 }],
    });
    let made = server.post(UPLOAD, body).await.expect(StatusCode::CREATED, "").body;
    let (id, key) = (&made["snapshotId"], &made["objectKey"]);
    let source = json!({ "kind": "snapshot", "snapshotId": id, "objectKey": key, "fileCount": 2, "byteCount": 6, "title": "My project" });
    let expected = json!({
        "snapshotId": id, "objectKey": key, "fileCount": 2, "byteCount": 6, "createdAt": made["createdAt"], "projectSource": source,
    });
    assert_eq!(made, expected);
    let parts: Vec<&str> = key.as_str().expect("a key").split('/').collect();
    assert_eq!((parts.len(), parts[0], parts[3]), (4, "project-snapshots", "snapshot.json"));
    assert!(parts[2].starts_with(id.as_str().expect("an id")), "{key}");

    let four: Vec<Value> = (0..4).map(|number| file(&number.to_string(), b"")).collect();
    for (files, expected) in [
        (json!([file(".env", b"")]), "project_source.snapshot.secret_path"),
        (json!([file("../x", b"")]), "project_source.snapshot.path"),
        (json!([file(".git/config", b"")]), "project_source.snapshot.generated_path"),
        (json!(four), "project_source.snapshot.too_many_files"),
        (json!([file("a", &[0; 2001])]), "project_source.snapshot.too_large"),
    ] {
        let refused = server.post(UPLOAD, json!({ "files": files })).await;
        assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, expected), "{refused:?}");
    }
    let refused = server.post(UPLOAD, json!({ "files": [file("a", b"x")], "fileCount": 2 })).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.invalid"));
    let large = server.post(UPLOAD, json!({ "title": "x".repeat(36_700_160) })).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "35 MiB, here as for artifacts");

    // The bytes of a day are those of artifacts and of projects together.
    let session = server.session().await;
    let artifact = json!({ "filename": "a", "dataBase64": "A".repeat(2000) });
    server.post(&format!("/api/sessions/{session}/artifacts"), artifact).await.expect(StatusCode::CREATED, "");
    let refused = server.post(UPLOAD, json!({ "files": [file("a", &[0; 1500])] })).await;
    assert_eq!(code(&refused), (StatusCode::TOO_MANY_REQUESTS, "quota.artifact_bytes_per_day_exceeded"));
    let kept = server.rows("select tenant from project_snapshots").await;
    assert_eq!(kept.len(), 1, "what was refused left nothing: {kept:?}");
    let told = server.rows("select metadata from audit_events where event_type = 'project_snapshot.uploaded'").await;
    assert_eq!(told, [json!({ "metadata": { "fileCount": 2, "byteCount": 6 } })]);
}

#[tokio::test]
async fn what_no_session_refers_to_is_removed_in_time() {
    let server = Server::with(&[("ARTIFACT_DIRECT_UPLOAD_CLEANUP_INTERVAL_MS", "100")]).await;
    let [bound, unused] = [uploaded(&server, &[file("a", b"bound")]).await, uploaded(&server, &[file("a", b"unused")]).await];
    session_on(&server, &bound).await;
    let object = |source: &Value| server.data_dir().join("objects").join(source["objectKey"].as_str().expect("a key"));
    assert!(object(&bound).exists() && object(&unused).exists());
    server.sql("update project_snapshots set expires_at = now() - interval '1 minute'").await;
    let deadline = Instant::now() + PATIENCE;
    while object(&unused).exists() || server.rows("select tenant from project_snapshots").await.len() > 1 {
        assert!(Instant::now() < deadline, "it was never removed:\n{}", server.log());
        tokio::time::sleep(GLANCE).await;
    }
    assert!(object(&bound).exists(), "a session refers to it");
    let refused = server.post("/api/sessions", json!({ "projectSource": unused })).await;
    assert_eq!(code(&refused), (StatusCode::BAD_REQUEST, "project_source.snapshot.unknown"));
}
