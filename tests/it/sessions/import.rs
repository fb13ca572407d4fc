//! `POST /api/import/sessions` (contract 01 §2).

use crate::{
    answer::{Answer, answer, said},
    event_stream::{assert_dense, types},
    server::{Server, session_id},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn local_session() -> Value {
    json!({
        "source": { "kind": "local-session", "fingerprint": "fp1", "title": "Local chat" },
        "title": "Imported chat",
        "itemCounts": { "messages": 2, "artifacts": 0, "attachments": 0, "projectSource": 0, "excluded": 3 },
        "messages": [
            { "id": "m1", "role": "user", "content": "Hi", "timestamp": "2026-01-02T03:04:05.000Z", "order": 1 },
            { "id": "m2", "role": "system", "content": "left out", "order": 2 },
            { "id": "m3", "role": "assistant", "content": "Hello", "timestamp": "2026-01-02T03:04:06.000Z", "order": 3 }
        ],
        "todos": [{ "content": "Do it", "status": "pending", "priority": "high" }],
        "sessionCost": 0.5,
        "sessionTokens": { "input": 5, "output": 7 }
    })
}

#[tokio::test]
async fn a_local_session_becomes_one_of_the_cloud_and_goes_on_there() {
    let server = Server::start().await;
    let imported = server.post("/api/import/sessions", local_session()).await;
    assert_eq!(imported.status, StatusCode::CREATED, "{imported:?}");
    let (record, shown) = (&imported.body["session"], &imported.body["projection"]["view"]);
    assert_eq!((&record["title"], &record["status"]), (&json!("Imported chat"), &json!("idle")));
    assert_eq!(
        shown["messages"][0],
        json!({ "id": "m1", "role": "user", "content": "Hi", "createdAt": "2026-01-02T03:04:05.000Z", "attachments": [], "sequence": 3 })
    );
    assert_eq!((&shown["origin"]["kind"], &shown["origin"]["sourceFingerprint"]), (&json!("local-session-import"), &json!("fp1")));
    assert_eq!(shown["origin"]["itemCounts"]["excluded"], 3);
    assert_eq!((&shown["sessionCost"], &shown["todos"][0]["content"]), (&json!(0.5), &json!("Do it")));

    let session = session_id(&imported);
    let log = server.log_of(&session).await;
    let expected =
        ["session.created", "session.imported", "prompt.submitted", "assistant.message", "todos.updated", "cost.updated", "session.idle"];
    assert_eq!(types(&log), expected);
    assert_dense(&log);

    let view = server.run(&session, "and now?").await;
    assert_eq!((said(&view, "user"), answer(&view)), (vec!["Hi", "and now?"], "echo: and now?"));
}

#[tokio::test]
async fn what_must_not_leave_a_machine_is_refused_and_nothing_is_made() {
    let server = Server::start().await;
    let leaks = [
        "see /home/kim/project/notes.txt",
        "open file:///etc/passwd",
        "C:\\Users\\kim\\notes",
        "the key is sk-proj-AbCdEfGhIjKlMnOpQrStUvWx",
        "api_key=abcdef0123456789abcdef",
    ];
    for leak in leaks {
        let mut body = local_session();
        body["messages"][0]["content"] = json!(leak);
        let refused = server.post("/api/import/sessions", body).await;
        let refused = refused.expect(StatusCode::BAD_REQUEST, "Session import payload contains local paths or secret-like values.");
        assert!(!refused.body.to_string().contains(leak), "the refusal repeats nothing");
    }
    let refusals: [(&str, Value, &str); 3] = [
        ("source", json!({ "kind": "other", "fingerprint": "x" }), "Session import requires a redacted local source fingerprint."),
        ("title", json!("x".repeat(513)), "Import title exceeds 512 characters."),
        ("artifacts", json!("not a list"), "Session import artifacts must be an array of at most 25 items."),
    ];
    for (field, value, error) in refusals {
        let mut body = local_session();
        body[field] = value;
        server.post("/api/import/sessions", body).await.expect(StatusCode::BAD_REQUEST, error);
    }
    assert_eq!(server.get("/api/sessions").await.body["sessions"], json!([]));
}

#[tokio::test]
async fn files_come_with_a_session_all_of_them_or_not_even_the_session() {
    let server = Server::with(&[("MAX_ARTIFACT_BYTES_PER_DAY", "1000")]).await;
    let file = |name: &str, bytes: &[u8]| json!({ "filename": name, "contentType": "text/plain", "dataBase64": STANDARD.encode(bytes) });
    let mut body = local_session();
    body["artifacts"] = json!([file("a.txt", b"see /home/kim/a: a file may hold what it likes"), file("b.txt", &[b'b'; 300])]);
    let imported = server.post("/api/import/sessions", body.clone()).await;
    assert_eq!(imported.status, StatusCode::CREATED, "{imported:?}");
    let session = session_id(&imported);
    let list = server.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    let names: Vec<&Value> = list.body["artifacts"].as_array().expect("artifacts").iter().map(|artifact| &artifact["filename"]).collect();
    assert!(names.len() == 2 && names.contains(&&json!("a.txt")) && names.contains(&&json!("b.txt")), "{list:?}");
    for artifact in list.body["artifacts"].as_array().expect("artifacts") {
        let id = artifact["artifactId"].as_str().expect("an id");
        let read = server.get(&format!("/api/sessions/{session}/artifacts/{id}")).await.expect(StatusCode::OK, "");
        let sent = body["artifacts"].as_array().expect("ours").iter().find(|sent| sent["filename"] == artifact["filename"]).expect("sent");
        assert_eq!(read.body["artifact"]["dataBase64"], sent["dataBase64"]);
    }
    let log = server.log_of(&session).await;
    assert_dense(&log);
    assert_eq!(types(&log)[6..], ["session.idle", "artifact.created", "artifact.created"]);
    let audit = server.rows("select event_type from audit_events where event_type like 'artifact.%' or event_type like 'session_import.%' order by event_type").await;
    let audit: Vec<&str> = audit.iter().filter_map(|row| row["event_type"].as_str()).collect();
    let expected = [
        "artifact.downloaded",
        "artifact.downloaded",
        "artifact.uploaded",
        "artifact.uploaded",
        "session_import.completed",
        "session_import.requested",
    ];
    assert_eq!(audit, expected);

    // The second one is too much for the day: the first one is given back.
    let bytes = "select bytes from artifact_days";
    let before = server.rows(bytes).await;
    body["artifacts"] = json!([file("c.txt", &[b'c'; 100]), file("d.txt", &[b'd'; 1000])]);
    let refused = server.post("/api/import/sessions", body.clone()).await;
    refused.expect(StatusCode::TOO_MANY_REQUESTS, "Cloud artifact upload quota exceeded.");
    assert_eq!(server.rows(bytes).await, before);
    for (artifacts, error) in [
        (json!([file("a.txt", b"a"), file("../b.txt", b"b")]), "Session import artifact 2: Artifact filename must be a plain file name."),
        (json!([{ "filename": "a.txt", "dataBase64": "!" }]), "Session import artifact 1: Artifact dataBase64 must be base64."),
        (json!(["a.txt"]), "Session import artifact 1: Artifact filename is required."),
        (json!(vec![file("a.txt", b"a"); 26]), "Session import artifacts must be an array of at most 25 items."),
    ] {
        body["artifacts"] = artifacts;
        server.post("/api/import/sessions", body.clone()).await.expect(StatusCode::BAD_REQUEST, error);
    }
    assert_eq!(server.get("/api/sessions").await.body["sessions"].as_array().expect("sessions").len(), 1);
}

#[tokio::test]
async fn an_import_may_be_large_but_not_huge() {
    let server = Server::start().await;
    let mut body = local_session();
    body["messages"] = (0..4).map(|number| json!({ "id": format!("m{number}"), "role": "user", "content": "x".repeat(900_000) })).collect();
    let imported = server.post("/api/import/sessions", body).await;
    assert_eq!(imported.status, StatusCode::CREATED, "more than a plain route takes: {:.300?}", imported.body.to_string());
    let huge = server.request(Method::POST, "/api/import/sessions").body(vec![b' '; 36 * 1024 * 1024]);
    Answer::of(huge).await.expect(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.");
    let unknown = server.post("/api/import/other", json!({})).await;
    assert_eq!((unknown.status, unknown.policy_code()), (StatusCode::FORBIDDEN, "authorization.action_unknown"));
}

#[tokio::test]
async fn where_artifacts_are_off_an_import_brings_none_along() {
    let server = Server::with(&[("FEATURE_ARTIFACTS", "false")]).await;
    let mut with_artifact = local_session();
    with_artifact["artifacts"] = json!([{ "filename": "a.txt", "dataBase64": "aGVsbG8=" }]);
    let refused = server.post("/api/import/sessions", with_artifact).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("artifacts.storage_off")), "{refused:?}");
    assert_eq!(server.get("/api/sessions").await.body["sessions"], json!([]), "nothing is made of it");
}
