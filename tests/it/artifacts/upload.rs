//! Contents go in and come out as they are.

use crate::{answer::Answer, event_stream::of_type, server::Server};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Bytes of every value, so that nothing that takes them for text goes unnoticed.
pub(super) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from((place * 7 + place / 256) % 256).expect("below 256")).collect()
}

pub(super) async fn upload(server: &Server, session: &str, body: Value) -> Answer {
    server.post(&format!("/api/sessions/{session}/artifacts"), body).await
}

fn id_of(answer: &Answer) -> String {
    answer.body["artifact"]["artifactId"].as_str().unwrap_or_else(|| panic!("no artifact: {answer:?}")).to_owned()
}

#[tokio::test]
async fn an_upload_reads_like_the_recording_and_comes_back_byte_for_byte() {
    let server = Server::start().await;
    let session = server.session().await;
    let content = bytes(100_000);
    let body = json!({
        "filename": "q3 réport.bin", "contentType": "Application/X-Q3", "dataBase64": STANDARD.encode(&content),
        "projectId": "p-1", "taskId": "t-1", "authorAgentId": "build",
    });
    let made = upload(&server, &session, body).await.expect(StatusCode::CREATED, "");
    let id = id_of(&made);
    let artifact = &made.body["artifact"];
    let at = &artifact["createdAt"];
    let expected = json!({
        "artifactId": id, "id": id, "toolId": "cloud-artifact", "toolName": "cloud.artifact",
        "filePath": format!("cloud-artifact://{id}/q3%20r%C3%A9port.bin"), "filename": "q3 réport.bin", "order": 0, "source": "cloud",
        "cloudArtifactId": id, "sessionId": session, "sessionTitle": null, "workspaceId": null, "mime": "application/x-q3",
        "contentType": "application/x-q3", "size": 100_000, "createdAt": at, "updatedAt": at, "kind": "draft", "status": "draft",
        "authorAgentId": "build", "projectId": "p-1", "taskId": "t-1", "statusUpdatedBy": null, "statusUpdatedAt": null,
        "checksumSha256": artifact["checksumSha256"],
    });
    assert_eq!(*artifact, expected);

    let path = format!("/api/sessions/{session}/artifacts/{id}");
    let read = server.get(&path).await.expect(StatusCode::OK, "");
    let data = read.body["artifact"]["dataBase64"].as_str().expect("buffered");
    assert!(STANDARD.decode(data).expect("base64") == content, "the bytes are the same");
    // A folder can't sign addresses, so the buffered form is the answer.
    assert_eq!(server.get(&format!("{path}?transfer=presigned")).await.body["artifact"]["dataBase64"], read.body["artifact"]["dataBase64"]);

    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert_eq!(raw.status(), StatusCode::OK);
    let header = |name: &str| raw.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!(header("content-disposition"), "attachment; filename=\"q3 r_port.bin\"; filename*=UTF-8''q3%20r%C3%A9port.bin");
    assert_eq!((header("content-type"), header("x-content-type-options")), ("application/x-q3".into(), "nosniff".into()));
    let tag = header("etag");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");
    let known = server.request(Method::GET, &format!("{path}/content")).header("if-none-match", &tag).send().await.expect("it answers");
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    for (range, part) in
        [("bytes=0-0", 0..1), ("bytes=99990-", 99_990..100_000), ("bytes=-5", 99_995..100_000), ("bytes=7-1000000", 7..100_000)]
    {
        let answer = server.request(Method::GET, &format!("{path}/content")).header("range", range).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.headers()["content-range"], format!("bytes {}-{}/100000", part.start, part.end - 1).as_str());
        assert!(answer.bytes().await.expect("a body") == content[part], "{range}");
    }
    let beyond = server.request(Method::GET, &format!("{path}/content")).header("range", "bytes=100000-").send().await.expect("it answers");
    assert_eq!(
        (beyond.status(), &beyond.headers()["content-range"]),
        (StatusCode::RANGE_NOT_SATISFIABLE, &"bytes */100000".parse().expect("a value"))
    );

    // Billing and auditors hear of it; nobody hears where it lies.
    let usage = server
        .rows("select event_type, quantity, unit from usage_events where event_type like 'artifact.%' order by created_at, event_type")
        .await;
    assert_eq!(usage[0], json!({ "event_type": "artifact.uploaded", "quantity": 100_000, "unit": "byte" }));
    assert!(usage.iter().filter(|row| row["event_type"] == "artifact.downloaded").count() >= 3, "{usage:?}");
    let audit = server.rows("select event_type, target_id, metadata from audit_events where event_type = 'artifact.uploaded'").await;
    assert_eq!((audit.len(), &audit[0]["target_id"], &audit[0]["metadata"]["size"]), (1, &json!(id), &json!(100_000)));
    let key = server.rows("select object_key from artifact_objects").await[0]["object_key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("orgs/"), "{key}");
    let log = server.log_of(&session).await;
    let created: Vec<&Value> = of_type(&log, "artifact.created").collect();
    assert_eq!((created.len(), &created[0]["payload"]["artifactId"]), (1, &json!(id)));
    let told = format!("{log:?}{read:?}{made:?}{:?}", server.view(&session).await);
    assert!(!told.contains("orgs/") && !told.contains("\"key\""), "an object's key is nobody's business");
}

#[tokio::test]
async fn what_is_not_an_artifact_is_refused_with_a_reason() {
    let server = Server::with(&[("MAX_ARTIFACT_BYTES_PER_DAY", "30000")]).await;
    let session = server.session().await;
    let data = STANDARD.encode("x");
    for body in [
        json!({ "dataBase64": data }),
        json!({ "filename": "a" }),
        json!({ "filename": "a", "dataBase64": "" }),
        json!({ "filename": "a", "dataBase64": "!!!" }),
        json!({ "filename": "../a", "dataBase64": data }),
        json!({ "filename": "a\u{0}b", "dataBase64": data }),
        json!({ "filename": "a", "dataBase64": data, "contentType": "text" }),
        json!({ "filename": "a", "dataBase64": data, "kind": "film" }),
        json!({ "filename": "a", "dataBase64": data, "status": "done" }),
        json!({ "filename": "a", "dataBase64": data, "projectId": "p".repeat(513) }),
        json!({ "filename": "a", "dataBase64": data, "statusUpdatedAt": "soon" }),
    ] {
        let refused = upload(&server, &session, body.clone()).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::BAD_REQUEST, &json!("request.invalid_field")),
            "{body} {refused:?}"
        );
    }
    let absent = upload(&server, "ses_00000000000070008000000000000000", json!({ "filename": "a", "dataBase64": data })).await;
    absent.expect(StatusCode::NOT_FOUND, "Cloud session was not found.");

    let unpadded = json!({ "filename": "some.bin", "dataBase64": URL_SAFE_NO_PAD.encode(bytes(20_000)) });
    upload(&server, &session, unpadded).await.expect(StatusCode::CREATED, "");

    // The rest of the day's bytes.
    let too_much = json!({ "filename": "more.bin", "dataBase64": STANDARD.encode(bytes(10_001)) });
    let refused = upload(&server, &session, too_much).await.expect(StatusCode::TOO_MANY_REQUESTS, "Cloud artifact upload quota exceeded.");
    assert_eq!(refused.policy_code(), "quota.artifact_bytes_per_day_exceeded");
    assert!(refused.body["retryAfterMs"].as_u64().is_some_and(|rest| rest > 0 && rest <= 86_400_000), "{refused:?}");
    let fits = json!({ "filename": "rest.bin", "dataBase64": STANDARD.encode(bytes(10_000)) });
    upload(&server, &session, fits).await.expect(StatusCode::CREATED, "");
}

#[tokio::test]
async fn what_a_turn_publishes_is_fetched_like_an_upload_and_a_damaged_content_is_not_served() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "[[artifact:report.html|<script>alert(1)</script>]]").await;
    let list = server.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    let id = list.body["artifacts"][0]["artifactId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{session}/artifacts/{id}");
    let read = server.get(&path).await.expect(StatusCode::OK, "");
    assert_eq!(read.body["artifact"]["dataBase64"], json!(STANDARD.encode("<script>alert(1)</script>")));
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.headers()["content-disposition"].to_str().is_ok_and(|value| value.starts_with("attachment")), "{raw:?}");
    assert!(raw.headers()["content-security-policy"].to_str().is_ok_and(|value| value.contains("sandbox")), "{raw:?}");

    let key = server.rows("select object_key from artifact_objects").await[0]["object_key"].as_str().expect("a key").to_owned();
    let file = server.data_dir().join("objects").join(key);
    std::fs::write(&file, "something else, of another size").expect("it lies there");
    let damaged = server.get(&path).await;
    assert_eq!((damaged.status, &damaged.body["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("artifacts.damaged")), "{damaged:?}");
    assert!(!damaged.body.to_string().contains("orgs/"), "{damaged:?}");
}

#[tokio::test]
async fn readiness_notices_a_store_that_is_gone() {
    let server = Server::start().await;
    let ready = server.get("/readyz").await.expect(StatusCode::OK, "");
    let check = |answer: &Answer, name: &str| {
        answer.body["checks"].as_array().expect("checks").iter().find(|check| check["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(check(&ready, "object_store")["status"], "ok");
    assert_eq!(check(&ready, "artifact_direct_upload")["detail"], "disabled");

    let gone = Server::with(&[
        ("OBJECT_STORE_KIND", "s3"),
        ("OBJECT_STORE_BUCKET", "b"),
        ("OBJECT_STORE_ENDPOINT", "http://127.0.0.1:9"),
        ("OBJECT_STORE_ACCESS_KEY_ID", "id"),
        ("OBJECT_STORE_SECRET_ACCESS_KEY", "canary-of-the-store"),
        ("OBJECT_STORE_TIMEOUT_MS", "1000"),
    ])
    .await;
    let unready = gone.get("/readyz").await;
    assert_eq!(
        (unready.status, &check(&unready, "object_store")["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("error")),
        "{unready:?}"
    );
    let session = gone.session().await;
    let refused = upload(&gone, &session, json!({ "filename": "a", "dataBase64": STANDARD.encode("x") })).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("artifacts.store_unavailable")),
        "{refused:?}"
    );
    assert_eq!(gone.rows("select bytes from artifact_days").await, [json!({ "bytes": 0 })], "what was not stored doesn't count");
    assert!(!gone.log().contains("canary-of-the-store"));
}
