//! The same key has one effect (invariant I5).

use crate::{
    answer::{Answer, said},
    server::{Server, session_id},
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn post(server: &Server, path: &str, key: &str, body: Value) -> Answer {
    Answer::of(server.request(Method::POST, path).header("idempotency-key", key).json(&body)).await
}

#[tokio::test]
async fn requests_with_one_key_make_one_session_and_one_prompt() {
    let server = Server::start().await;
    let created = join_all((0..8).map(|_| post(&server, "/api/sessions", "create-1", json!({})))).await;
    assert!(created.iter().all(|answer| answer.status == StatusCode::CREATED), "{created:#?}");
    let session = session_id(&created[0]);
    assert!(created.iter().all(|answer| session_id(answer) == session));
    assert_eq!(server.get("/api/sessions").await.body["sessions"].as_array().map(Vec::len), Some(1));

    let path = format!("/api/sessions/{session}/prompt");
    let prompted = join_all((0..8).map(|_| post(&server, &path, "prompt-1", json!({ "text": "once" })))).await;
    assert!(prompted.iter().all(|answer| answer.status == StatusCode::ACCEPTED), "{prompted:#?}");
    let command = &prompted[0].body["command"]["commandId"];
    assert!(prompted.iter().all(|answer| answer.body["command"]["commandId"] == *command));
    let view = server.until(&session, |view| said(view, "assistant") == ["echo: once"]).await;
    assert_eq!(said(&view, "user"), ["once"]);

    let first = &prompted.iter().find(|answer| !answer.body["projectionFence"].is_null()).expect("one of them did it").body;
    let again = post(&server, &path, "prompt-1", json!({ "text": "once" })).await;
    assert_eq!(again.body["command"], first["command"], "also long after it was done");
    assert_eq!(said(&server.view(&session).await, "user"), ["once"]);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let server = Server::start().await;
    let session = server.session().await;
    let path = format!("/api/sessions/{session}/prompt");
    assert_eq!(post(&server, &path, "k", json!({ "text": "a" })).await.status, StatusCode::ACCEPTED);
    let other = post(&server, &path, "k", json!({ "text": "b" })).await;
    assert_eq!((other.status, &other.body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency.mismatch")));
    let unusable = post(&server, &path, "two words", json!({ "text": "a" })).await;
    assert_eq!((unusable.status, &unusable.body["code"]), (StatusCode::BAD_REQUEST, &json!("idempotency.key_invalid")));
    let blank = post(&server, &path, "retry", json!({ "text": " " })).await;
    assert_eq!(blank.status, StatusCode::BAD_REQUEST);
    let mended = post(&server, &path, "retry", json!({ "text": "c" })).await;
    assert_eq!(mended.status, StatusCode::ACCEPTED, "an error uses no key up");
}

#[tokio::test]
async fn a_key_outlives_a_crash() {
    let mut server = Server::start().await;
    let session = server.session().await;
    let path = format!("/api/sessions/{session}/prompt");
    let first = post(&server, &path, "crash", json!({ "text": "once" })).await;
    server.kill();
    server.start_again();
    let second = post(&server, &path, "crash", json!({ "text": "once" })).await;
    assert_eq!((second.status, &second.body["command"]["commandId"]), (StatusCode::ACCEPTED, &first.body["command"]["commandId"]));
    let view = server.until(&session, |view| said(view, "assistant") == ["echo: once"]).await;
    assert_eq!(said(&view, "user"), ["once"]);
}
