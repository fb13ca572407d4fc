//! Contents in Google Cloud Storage, played by a small double.

mod account;
mod double;
mod form;

use super::{
    direct::{NOT_READY, Upload, id, metadata, put},
    upload::{bytes, upload},
};
use crate::{event_stream::of_type, server::Server};
use account::Account;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use double::{Double, Object};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const BUCKET: &str = "cowork-test";
const TOKEN: &str = "canary-of-the-store";

async fn server(double: &Double, credential: (&str, &str)) -> Server {
    Server::with(&[
        ("OBJECT_STORE_KIND", "gcs"),
        ("OBJECT_STORE_BUCKET", BUCKET),
        ("OBJECT_STORE_ENDPOINT", &double.url),
        ("OBJECT_STORE_PREFIX", "cloud"),
        ("ARTIFACT_DIRECT_UPLOAD_MODE", "enabled"),
        credential,
    ])
    .await
}

#[tokio::test]
async fn an_artifact_is_kept_in_google_cloud_storage_and_comes_back_byte_for_byte() {
    let double = Double::start(None).await;
    let server = server(&double, ("OBJECT_STORE_BEARER_TOKEN", TOKEN)).await;
    server.get("/readyz").await.expect(StatusCode::OK, "");
    let session = server.session().await;
    let content = bytes(70_000);
    let body = json!({ "filename": "a.html", "contentType": "text/html", "dataBase64": STANDARD.encode(&content) });
    let made = upload(&server, &session, body).await.expect(StatusCode::CREATED, "");
    let id = made.body["artifact"]["artifactId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{session}/artifacts/{id}");
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");

    // A token opens the store and signs nothing, so the content comes and goes through us.
    let read = server.get(&format!("{path}?transfer=presigned")).await.expect(StatusCode::OK, "");
    assert_eq!(read.body["artifact"]["dataBase64"], json!(STANDARD.encode(&content)));
    let way = format!("/api/sessions/{session}/artifacts?transfer=presigned&uploadMethod=PUT");
    let way = server.post(&way, json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(way.body, json!({ "upload": { "transfer": "unsupported" } }));

    let kept = double.objects();
    let (key, object) = kept.iter().find(|(key, _)| key.starts_with("cloud/orgs/")).unwrap_or_else(|| panic!("it lies there: {kept:?}"));
    assert!(object.content == content, "{key}");
    assert_eq!(object.shown[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(object.shown[header::CONTENT_DISPOSITION], "attachment; filename=\"a.html\"");
    assert!(!server.log().contains(TOKEN) && !server.dump().await.contains(TOKEN));
}

/// The double takes the account's own tokens, addresses and forms, and nothing that anybody changed.
#[tokio::test]
async fn a_service_account_opens_the_store_and_signs_downloads_and_forms() {
    let account = Account::new();
    let key_file = account.key_file();
    let double = Double::start(Some(account)).await;
    let server = server(&double, ("OBJECT_STORE_CREDENTIALS", &key_file)).await;
    server.get("/readyz").await.expect(StatusCode::OK, "");
    let upload = Upload { server: &server, session: server.session().await };
    let content = bytes(70_000);
    let about = metadata(1, &content);
    let reserved = upload.reserve(&about).await.expect(StatusCode::OK, "");
    let form = &reserved.body["upload"];
    assert_eq!((&form["transfer"], &form["uploadMethod"], &form["artifactId"]), (&json!("presigned"), &json!("POST"), &json!(id(1))));
    assert_eq!(form["uploadUrl"], json!(format!("{}/{BUCKET}/", double.url)));
    assert_eq!(put(form, &content[1..]).await, StatusCode::FORBIDDEN, "another size");
    for (field, other) in [("key", "cloud/orgs/another/object"), ("Content-Type", "image/png"), ("x-goog-date", "20260101T000000Z")] {
        let mut changed = form.clone();
        changed["uploadFields"][field] = json!(other);
        assert_eq!(put(&changed, &content).await, StatusCode::FORBIDDEN, "another {field}");
    }

    assert!(put(form, &content).await.is_success());
    upload.finalize(&about).await.expect(StatusCode::CREATED, "");
    upload.finalize(&about).await.expect(StatusCode::CREATED, "");
    assert_eq!(of_type(&server.log_of(&upload.session).await, "artifact.created").count(), 1);
    let swapped = metadata(2, b"hello world!");
    let form = upload.reserve(&swapped).await.expect(StatusCode::OK, "");
    assert!(put(&form.body["upload"], b"world, hello").await.is_success());
    upload.finalize(&swapped).await.expect(StatusCode::CONFLICT, NOT_READY);

    let path = format!("/api/sessions/{}/artifacts/{}", upload.session, id(1));
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");
    let signed = server.get(&format!("{path}?transfer=presigned")).await.expect(StatusCode::OK, "");
    let artifact = &signed.body["artifact"];
    assert_eq!((&artifact["transfer"], &artifact["dataBase64"]), (&json!("presigned"), &Value::Null));
    let url = artifact["downloadUrl"].as_str().expect("an address");
    let fetched = reqwest::get(url).await.expect("the store answers");
    let disposition = fetched.headers().get(header::CONTENT_DISPOSITION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!((fetched.status(), disposition.as_deref()), (StatusCode::OK, Some("attachment; filename=\"direct.html\"")));
    assert!(fetched.bytes().await.expect("a body") == content, "the bytes are the same");
    let forged = reqwest::get(url.replace("attachment", "inline")).await.expect("the store answers");
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "it is shown as we say");

    let secret = key_file.split("\\n").nth(1).expect("a line of the key");
    assert!(!server.log().contains(secret) && !server.dump().await.contains(secret));
    let kept: Vec<(String, Object)> = double.objects();
    assert!(kept.iter().any(|(key, object)| key.contains("/artifacts/") && object.content == content), "{kept:?}");
}
