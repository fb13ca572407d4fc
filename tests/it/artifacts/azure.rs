//! Contents in Azure Blob Storage.

use super::{
    azurite::{ACCOUNT, Azurite, KEY, shared_access},
    upload::{bytes, upload},
};
use crate::server::Server;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::json;

const CONTAINER: &str = "cowork-test";

async fn server(azurite: &Azurite, credential: (&str, &str)) -> Server {
    Server::with(&[
        ("OBJECT_STORE_KIND", "azure-blob"),
        ("OBJECT_STORE_BUCKET", CONTAINER),
        ("OBJECT_STORE_ENDPOINT", &azurite.url),
        ("OBJECT_STORE_ACCOUNT_NAME", ACCOUNT),
        ("OBJECT_STORE_PREFIX", "cloud"),
        ("ARTIFACT_DIRECT_UPLOAD_MODE", "enabled"),
        credential,
    ])
    .await
}

#[tokio::test]
async fn an_artifact_is_kept_in_azure_and_fetched_from_there_byte_for_byte() {
    let Some(azurite) = Azurite::start(CONTAINER).await else { return };
    let server = server(&azurite, ("OBJECT_STORE_SECRET_ACCESS_KEY", KEY)).await;
    server.get("/readyz").await.expect(StatusCode::OK, "");
    let session = server.session().await;
    let content = bytes(70_000);
    let body = json!({ "filename": "q3 réport.html", "contentType": "text/html", "dataBase64": STANDARD.encode(&content) });
    let made = upload(&server, &session, body).await.expect(StatusCode::CREATED, "");
    let id = made.body["artifact"]["artifactId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{session}/artifacts/{id}");
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");

    // Signed with the account's key. How a browser is to take it lies with the object.
    let signed = server.get(&format!("{path}?transfer=presigned")).await.expect(StatusCode::OK, "");
    let url = signed.body["artifact"]["downloadUrl"].as_str().expect("an address").to_owned();
    assert!(url.starts_with(&azurite.url), "{url}");
    let fetched = reqwest::get(&url).await.expect("the store answers");
    let header = |name: &str| fetched.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!((fetched.status(), header("content-type")), (StatusCode::OK, "text/html; charset=utf-8".to_owned()));
    assert!(header("content-disposition").starts_with("attachment; "), "{}", header("content-disposition"));
    assert!(fetched.bytes().await.expect("a body") == content, "the bytes are the same");
    let forged = reqwest::get(url.replace("sp=r&", "sp=w&").replace("sig=", "sig=A")).await.expect("the store answers");
    assert_eq!(forged.status(), StatusCode::FORBIDDEN, "nobody makes such an address by themselves");

    // Browsers upload with forms, which Azure has none of.
    let form = server.post(&format!("/api/sessions/{session}/artifacts?transfer=presigned"), json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(form.body, json!({ "upload": { "transfer": "unsupported" } }));
    assert!(!server.log().contains(KEY) && !server.dump().await.contains(KEY));
}

#[tokio::test]
async fn a_shared_access_signature_opens_the_store_and_signs_nothing() {
    let Some(azurite) = Azurite::start(CONTAINER).await else { return };
    let signature = shared_access();
    let server = server(&azurite, ("OBJECT_STORE_SAS_TOKEN", &signature)).await;
    let session = server.session().await;
    server.run(&session, "[[artifact:notes.txt|from a turn]]").await;
    let list = server.get(&format!("/api/sessions/{session}/artifacts")).await.expect(StatusCode::OK, "");
    let id = list.body["artifacts"][0]["artifactId"].as_str().expect("an id").to_owned();
    let read = server.get(&format!("/api/sessions/{session}/artifacts/{id}?transfer=presigned")).await.expect(StatusCode::OK, "");
    assert_eq!(read.body["artifact"]["dataBase64"], json!(STANDARD.encode("from a turn")));
    let secret = signature.split("sig=").nth(1).expect("signed");
    assert!(!server.log().contains(secret), "the signature is a secret");
}
