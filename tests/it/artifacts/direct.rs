//! Browsers that upload straight to S3.

use super::{
    moto::{Moto, client},
    upload::bytes,
};
use crate::{answer::Answer, event_stream::of_type, server::Server};
use data_encoding::HEXLOWER;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const BUCKET: &str = "cowork-test";

async fn server(moto: &Moto) -> Server {
    Server::with(&[
        ("OBJECT_STORE_KIND", "s3"),
        ("OBJECT_STORE_BUCKET", BUCKET),
        ("OBJECT_STORE_ENDPOINT", &moto.url),
        ("OBJECT_STORE_PREFIX", "cloud"),
        ("OBJECT_STORE_ACCESS_KEY_ID", "test-key-id"),
        ("OBJECT_STORE_SECRET_ACCESS_KEY", "canary-of-the-store"),
        ("ARTIFACT_DIRECT_UPLOAD_MODE", "enabled"),
    ])
    .await
}

pub(super) fn sha256(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}

pub(super) fn metadata(number: u32, content: &[u8]) -> Value {
    json!({
        "filename": "direct.html", "contentType": "text/html", "artifactId": id(number), "checksumSha256": sha256(content),
        "expectedSize": content.len(), "projectId": "p-1",
    })
}

pub(super) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// What a browser does with the form: its fields first, the file last.
pub(super) async fn put(form: &Value, content: &[u8]) -> StatusCode {
    let boundary = "boundary-of-a-browser-7c1e";
    let mut body = Vec::new();
    for (name, value) in form["uploadFields"].as_object().expect("fields") {
        let value = value.as_str().expect("text");
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: text/html\r\n\r\n").bytes(),
    );
    body.extend(content);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    let request = client().post(form["uploadUrl"].as_str().expect("an address"));
    let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}")).body(body);
    request.send().await.expect("the store answers").status()
}

pub(super) struct Upload<'a> {
    pub(super) server: &'a Server,
    pub(super) session: String,
}

impl Upload<'_> {
    pub(super) async fn reserve(&self, metadata: &Value) -> Answer {
        self.server.post(&format!("/api/sessions/{}/artifacts?transfer=presigned", self.session), metadata.clone()).await
    }

    pub(super) async fn finalize(&self, metadata: &Value) -> Answer {
        let id = metadata["artifactId"].as_str().expect("an id").to_lowercase();
        self.server.post(&format!("/api/sessions/{}/artifacts/{id}/finalize", self.session), metadata.clone()).await
    }

    async fn abort(&self, number: u32) -> Answer {
        self.server.post(&format!("/api/sessions/{}/artifacts/{}/abort", self.session, id(number)), json!({})).await
    }
}

pub(super) const NOT_READY: &str = "Cloud artifact upload is not ready to finalize.";

#[tokio::test]
async fn what_a_browser_put_there_is_checked_published_once_and_fetched_from_there() {
    let Some(moto) = Moto::start(BUCKET).await else { return };
    let server = server(&moto).await;
    let upload = Upload { server: &server, session: server.session().await };
    let content = bytes(70_000);
    let about = metadata(1, &content);
    let reserved = upload.reserve(&about).await.expect(StatusCode::OK, "");
    let form = &reserved.body["upload"];
    assert_eq!((&form["transfer"], &form["uploadMethod"], &form["artifactId"]), (&json!("presigned"), &json!("POST"), &json!(id(1))));
    assert_eq!(form["uploadUrl"], json!(format!("{}/{BUCKET}", moto.url)));
    assert_eq!(
        upload.reserve(&about).await.body["upload"]["uploadFields"]["key"],
        form["uploadFields"]["key"],
        "the same wish, the same place"
    );
    let other = json!({ "filename": "other.html", "contentType": "text/html", "artifactId": id(1), "checksumSha256": sha256(b"x"), "expectedSize": 1 });
    assert_eq!(upload.reserve(&other).await.status, StatusCode::CONFLICT, "another artifact of the same name");

    assert!(put(form, &content).await.is_success());
    let made = upload.finalize(&about).await.expect(StatusCode::CREATED, "");
    let again = upload.finalize(&about).await.expect(StatusCode::CREATED, "");
    assert_eq!((&made.body["artifact"]["artifactId"], &again.body["artifact"]["artifactId"]), (&json!(id(1)), &json!(id(1))));
    upload
        .reserve(&about)
        .await
        .expect(StatusCode::CONFLICT, "Cloud artifact identity is already published.")
        .coded("artifacts.upload_conflict");
    assert_eq!(upload.abort(1).await.body["upload"]["state"], "already_finalized");
    assert_eq!(of_type(&server.log_of(&upload.session).await, "artifact.created").count(), 1);

    // The form is still good, and what it puts there now changes nothing.
    assert!(put(form, &bytes(70_000).into_iter().rev().collect::<Vec<u8>>()).await.is_success());
    let path = format!("/api/sessions/{}/artifacts/{}", upload.session, id(1));
    let raw = server.request(reqwest::Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");
    let signed = server.get(&format!("{path}?transfer=presigned")).await.expect(StatusCode::OK, "");
    let artifact = &signed.body["artifact"];
    assert_eq!((&artifact["transfer"], &artifact["dataBase64"]), (&json!("presigned"), &Value::Null));
    assert!(artifact["downloadExpiresAt"].is_string());
    let fetched = reqwest::get(artifact["downloadUrl"].as_str().expect("an address")).await.expect("the store answers");
    let disposition = fetched.headers().get("content-disposition").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!(disposition, "attachment; filename=\"direct.html\"", "the store says it, too");
    assert!(fetched.bytes().await.expect("a body") == content, "the bytes are the same");
    assert!(!server.log().contains("canary-of-the-store") && !server.dump().await.contains("canary-of-the-store"));
}

#[tokio::test]
async fn an_upload_that_is_not_what_was_announced_is_given_up_for_good() {
    let Some(moto) = Moto::start(BUCKET).await else { return };
    let server = server(&moto).await;
    let upload = Upload { server: &server, session: server.session().await };
    for bad in [
        json!({ "artifactId": "not-a-uuid" }),
        json!({ "artifactId": "00000000-0000-1000-8000-000000000001" }),
        json!({ "checksumSha256": sha256(b"x").to_uppercase() }),
        json!({ "expectedSize": 0 }),
        json!({ "filename": "" }),
    ] {
        let mut about = metadata(9, b"x");
        about.as_object_mut().expect("an object").extend(bad.as_object().expect("an object").clone());
        assert_eq!(upload.reserve(&about).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let mut large = metadata(9, b"x");
    large["expectedSize"] = json!(26_214_401);
    upload.reserve(&large).await.expect(StatusCode::PAYLOAD_TOO_LARGE, "Artifact is too large.").coded("artifacts.too_large");
    upload.finalize(&metadata(9, b"x")).await.expect(StatusCode::CONFLICT, "Cloud artifact upload reservation was not found.");

    // Never put there.
    let absent = metadata(1, b"hello world!");
    upload.reserve(&absent).await.expect(StatusCode::OK, "");
    upload.finalize(&absent).await.expect(StatusCode::CONFLICT, NOT_READY);
    upload.reserve(&absent).await.expect(StatusCode::CONFLICT, "Cloud artifact upload reservation is cleanup_pending.");
    // Something else of the same size.
    let swapped = metadata(2, b"hello world!");
    let form = upload.reserve(&swapped).await.expect(StatusCode::OK, "");
    assert!(put(&form.body["upload"], b"world, hello").await.is_success());
    upload.finalize(&swapped).await.expect(StatusCode::CONFLICT, NOT_READY);
    // Announced otherwise.
    let renamed = metadata(3, b"hello world!");
    upload.reserve(&renamed).await.expect(StatusCode::OK, "");
    let mut other = renamed.clone();
    other["filename"] = json!("other.html");
    upload.finalize(&other).await.expect(StatusCode::CONFLICT, "Cloud artifact upload metadata does not match its reservation.");
    upload.finalize(&renamed).await.expect(StatusCode::CONFLICT, NOT_READY);
    // Taken back.
    let aborted = metadata(4, b"hello world!");
    upload.reserve(&aborted).await.expect(StatusCode::OK, "");
    for expected in ["cleanup_pending", "cleanup_pending"] {
        assert_eq!(upload.abort(4).await.body["upload"], json!({ "artifactId": id(4), "state": expected }));
    }
    assert_eq!(upload.abort(5).await.body["upload"]["state"], "not_found");
    assert_eq!(server.rows("select bytes from artifact_days").await, [json!({ "bytes": 0 })], "what was given up counts no more");
    assert_eq!(of_type(&server.log_of(&upload.session).await, "artifact.created").count(), 0);
}

#[tokio::test]
async fn where_it_cannot_be_even_a_malformed_request_is_told_so() {
    let server = Server::start().await;
    let upload = Upload { server: &server, session: server.session().await };
    let answer = upload.reserve(&json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(answer.body, json!({ "upload": { "transfer": "unsupported" } }));
    upload.finalize(&metadata(1, b"x")).await.expect(StatusCode::CONFLICT, "Cloud artifact direct upload is not enabled.");
    assert_eq!(upload.abort(1).await.body["upload"]["state"], "not_found");
}
