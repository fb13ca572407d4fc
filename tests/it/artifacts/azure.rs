//! Contents in Azure Blob Storage.

use super::{
    azurite::{ACCOUNT, Azurite, KEY, shared_access},
    direct::{NOT_READY, Upload, id, metadata},
    moto::client,
    upload::{bytes, upload},
};
use crate::server::Server;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

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

    assert!(!server.log().contains(KEY) && !server.dump().await.contains(KEY));
}

/// Azure has no forms. Who only knows these is told so; who can put is given an address, and what comes is checked as ever.
#[tokio::test]
async fn a_client_puts_straight_into_azure_what_it_announced() {
    let Some(azurite) = Azurite::start(CONTAINER).await else { return };
    let server = server(&azurite, ("OBJECT_STORE_SECRET_ACCESS_KEY", KEY)).await;
    let upload = Upload { server: &server, session: server.session().await };
    let content = bytes(70_000);
    let about = metadata(1, &content);
    let unsupported = upload.reserve(&json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(unsupported.body, json!({ "upload": { "transfer": "unsupported" } }));
    let way = format!("/api/sessions/{}/artifacts?transfer=presigned&uploadMethod=PUT", upload.session);
    let reserve = async |about: &Value| server.post(&way, about.clone()).await.expect(StatusCode::OK, "").body["upload"].clone();
    let given = reserve(&about).await;
    assert_eq!((&given["transfer"], &given["uploadMethod"], &given["uploadFields"]), (&json!("presigned"), &json!("PUT"), &Value::Null));
    assert_eq!(given["uploadHeaders"], json!({ "content-type": "text/html", "x-ms-blob-type": "BlockBlob" }));
    let address = given["uploadUrl"].as_str().expect("an address");
    let elsewhere = address.replace(id(1).as_str(), id(2).as_str());
    assert_eq!(put_blob(&given, &elsewhere, &content).await, StatusCode::FORBIDDEN, "it is for one place");
    assert_eq!(client().get(address).send().await.expect("the store answers").status(), StatusCode::FORBIDDEN, "and opens nothing");

    assert_eq!(put_blob(&given, address, &content).await, StatusCode::CREATED);
    upload.finalize(&about).await.expect(StatusCode::CREATED, "");
    assert_eq!(put_blob(&given, address, b"something else").await, StatusCode::CREATED, "the address is still good");
    let path = format!("/api/sessions/{}/artifacts/{}", upload.session, id(1));
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "and changes nothing");

    for (number, instead) in [(2, &b"world, hello"[..]), (3, b"hello world! and more"), (4, b"hello")] {
        let about = metadata(number, b"hello world!");
        let given = reserve(&about).await;
        let address = given["uploadUrl"].as_str().expect("an address");
        assert_eq!(put_blob(&given, address, instead).await, StatusCode::CREATED, "Azure takes what comes");
        upload.finalize(&about).await.expect(StatusCode::CONFLICT, NOT_READY);
    }
    assert!(!server.log().contains(KEY) && !server.dump().await.contains(KEY));
}

async fn put_blob(given: &Value, address: &str, content: &[u8]) -> StatusCode {
    let headers = given["uploadHeaders"].as_object().expect("headers").iter();
    let request = headers.fold(client().put(address), |request, (name, value)| request.header(name, value.as_str().expect("text")));
    request.body(content.to_vec()).send().await.expect("the store answers").status()
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
