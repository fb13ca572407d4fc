//! Contents in Google Cloud Storage, played by a small double of its XML interface: puts, gets, heads and deletes of objects that
//! carry a generation, an entity tag, a type and a disposition, for whoever shows the one token.

use super::upload::{bytes, upload};
use crate::server::Server;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use reqwest::{
    Method, StatusCode,
    header::{self, HeaderMap, HeaderName},
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

const BUCKET: &str = "cowork-test";
const TOKEN: &str = "canary-of-the-store";

#[derive(Debug, Clone)]
struct Object {
    content: Bytes,
    shown: HeaderMap,
    generation: u64,
}

type Objects = Arc<Mutex<HashMap<String, Object>>>;

/// A running double; it ends with the test.
struct Double {
    url: String,
    objects: Objects,
    _serving: AbortOnDropHandle<()>,
}

impl Double {
    async fn start() -> Self {
        let objects = Objects::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(objects.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, objects, _serving: AbortOnDropHandle::new(serving) }
    }
}

async fn answer(State(objects): State<Objects>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer != Some(&format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(key) = plain(parts.uri.path()).strip_prefix(&format!("/{BUCKET}/")).map(str::to_owned) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match parts.method {
        Method::PUT => {
            let content = body.collect().await.expect("a whole body").to_bytes();
            let shown = [header::CONTENT_TYPE, header::CONTENT_DISPOSITION];
            let shown = shown.into_iter().filter_map(|name| parts.headers.get(&name).map(|value| (name, value.clone()))).collect();
            let mut objects = objects.lock();
            let generation = objects.get(&key).map_or(1, |object| object.generation + 1);
            let object = objects.entry(key).insert_entry(Object { content, shown, generation });
            (StatusCode::OK, about(object.get())).into_response()
        }
        Method::GET | Method::HEAD => match objects.lock().get(&key) {
            Some(object) => (about(object), object.shown.clone(), Body::from(object.content.clone())).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::DELETE if objects.lock().remove(&key).is_some() => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Google's clients escape whatever is no letter and no digit.
fn plain(path: &str) -> String {
    let url = reqwest::Url::parse(&format!("http://double/?path={path}")).expect("a path is a value");
    url.query_pairs().next().expect("one value").1.into_owned()
}

fn about(object: &Object) -> [(HeaderName, String); 3] {
    [
        (header::ETAG, format!("\"{}\"", object.generation)),
        (header::LAST_MODIFIED, "Wed, 04 Mar 2026 05:06:07 GMT".to_owned()),
        (HeaderName::from_static("x-goog-generation"), object.generation.to_string()),
    ]
}

#[tokio::test]
async fn an_artifact_is_kept_in_google_cloud_storage_and_comes_back_byte_for_byte() {
    let double = Double::start().await;
    let server = Server::with(&[
        ("OBJECT_STORE_KIND", "gcs"),
        ("OBJECT_STORE_BUCKET", BUCKET),
        ("OBJECT_STORE_ENDPOINT", &double.url),
        ("OBJECT_STORE_PREFIX", "cloud"),
        ("OBJECT_STORE_BEARER_TOKEN", TOKEN),
        ("ARTIFACT_DIRECT_UPLOAD_MODE", "enabled"),
    ])
    .await;
    server.get("/readyz").await.expect(StatusCode::OK, "");
    let session = server.session().await;
    let content = bytes(70_000);
    let body = json!({ "filename": "a.html", "contentType": "text/html", "dataBase64": STANDARD.encode(&content) });
    let made = upload(&server, &session, body).await.expect(StatusCode::CREATED, "");
    let id = made.body["artifact"]["artifactId"].as_str().expect("an id").to_owned();
    let path = format!("/api/sessions/{session}/artifacts/{id}");
    let raw = server.request(Method::GET, &format!("{path}/content")).send().await.expect("it answers");
    assert!(raw.bytes().await.expect("a body") == content, "the bytes are the same");

    // A token opens the store and signs nothing, so the content comes through us.
    let read = server.get(&format!("{path}?transfer=presigned")).await.expect(StatusCode::OK, "");
    assert_eq!(read.body["artifact"]["dataBase64"], json!(STANDARD.encode(&content)));
    let form = server.post(&format!("/api/sessions/{session}/artifacts?transfer=presigned"), json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(form.body, json!({ "upload": { "transfer": "unsupported" } }));

    let kept: Vec<(String, Object)> = double.objects.lock().iter().map(|(key, object)| (key.clone(), object.clone())).collect();
    let (key, object) = kept.iter().find(|(key, _)| key.starts_with("cloud/orgs/")).unwrap_or_else(|| panic!("it lies there: {kept:?}"));
    assert!(object.content == content, "{key}");
    assert_eq!(object.shown[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(object.shown[header::CONTENT_DISPOSITION], "attachment; filename=\"a.html\"");
    assert!(!server.log().contains(TOKEN) && !server.dump().await.contains(TOKEN));
}
