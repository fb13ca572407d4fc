//! Planted secrets are in no log, metric, report or error, and what people write is in no log.

use crate::{
    answer::Answer,
    caller::{Caller, SECRET},
    event_stream::of_type,
    server::{PATIENCE, Server, session_id},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

const PROVIDER_KEY: &str = "sk-proj-canary0123456789abcdefABCDEF";
const BEARER: &str = "occ_tok_canary_bearer_secret_5829104736";
const SEALING_KEY: &str = "canary-sealing-key-8h3k1z9q7w5e2r4t6y";
/// What a person wrote; only they and their agent may see it.
const WORDS: &str = "canary-words-of-a-person";

fn assert_silent(place: &str, text: &str, planted: &[&str]) {
    for secret in planted {
        assert!(!text.contains(secret), "{place} shows {secret}:\n{text}");
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_metric_report_or_error_and_prompts_in_no_log() {
    let server = Server::with(&[("LOG_LEVEL", "trace"), ("SECRET_KEY", SEALING_KEY)]).await;
    let session = server.session().await;
    let prompt = format!("/api/sessions/{session}/prompt");
    let text = format!("[[write:notes.txt|api_key={PROVIDER_KEY}]]{WORDS}");
    let request = server.request(Method::POST, &prompt).bearer_auth(BEARER).header("cookie", format!("open_cowork_cloud_session={BEARER}"));
    assert_eq!(Answer::of(request.json(&json!({ "text": text }))).await.status, StatusCode::ACCEPTED);
    let waiting = server.until(&session, |view| view["view"]["isAwaitingPermission"] == true).await;
    let id = &waiting["view"]["pendingApprovals"][0]["id"];
    server.post(&format!("/api/sessions/{session}/permission-respond"), json!({ "permissionId": id, "response": true })).await;
    server.until(&session, |view| view["session"]["status"] == "idle").await;
    server.run(&session, &format!("[[err:401]]{WORDS}")).await;
    say_over_socket(&server, &session).await;

    let log = server.log_of(&session).await;
    for record in of_type(&log, "tool.call").chain(of_type(&log, "permission.requested")) {
        assert_silent("an event", &record.to_string(), &[PROVIDER_KEY]);
    }
    let refused = [
        server.post(&prompt, json!({ "text": PROVIDER_KEY, "agent": 7 })).await,
        Answer::of(server.request(Method::POST, &prompt).bearer_auth(BEARER).body(format!("{{{PROVIDER_KEY}"))).await,
        server.get(&format!("/api/sessions/{PROVIDER_KEY}/view")).await,
        server.get(&format!("/api/sessions?status={PROVIDER_KEY}")).await,
        server
            .post(
                "/api/sessions",
                json!({ "projectSource": { "kind": "git", "repositoryUrl": format!("https://kim:{PROVIDER_KEY}@nowhere") } }),
            )
            .await,
        server.post(&format!("/api/ops/quarantine/{PROVIDER_KEY}/lift"), json!({})).await,
    ];
    for answer in refused.iter().filter(|answer| !answer.status.is_success()) {
        assert_silent("an error", &answer.body.to_string(), &[PROVIDER_KEY, BEARER]);
    }
    for path in ["/api/metrics", "/api/ops/supervision", "/api/config", "/readyz"] {
        assert_silent(path, &server.get(path).await.body.to_string(), &[PROVIDER_KEY, BEARER, SEALING_KEY, WORDS]);
    }
    let log = server.log();
    assert!(log.contains("\"level\":\"INFO\""), "it does log: {log}");
    assert_silent("the log", &log, &[PROVIDER_KEY, BEARER, SEALING_KEY, WORDS]);
}

/// The same over a WebSocket, whose library would log what passes through it.
async fn say_over_socket(server: &Server, session: &str) {
    let mut request = format!("{}/api/ws", server.url.replacen("http", "ws", 1)).into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cowork.v1"));
    let (mut socket, _) = connect_async(request).await.expect("the socket opens");
    let payload = json!({ "text": format!("{WORDS} {PROVIDER_KEY}") });
    let command = json!({ "type": "command", "id": "c", "sessionId": session, "command": "prompt", "payload": payload });
    socket.send(Message::Text(command.to_string().into())).await.expect("sent");
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("a message");
        if message.to_text().is_ok_and(|text| text.contains("\"accepted\"")) {
            return;
        }
    }
}

#[tokio::test]
async fn a_proxys_secret_is_never_repeated() {
    let server = Server::with(&[("AUTH_MODE", "header"), ("HEADER_AUTH_SECRET", SECRET), ("LOG_LEVEL", "trace")]).await;
    let kim = Caller::new("acme", "kim", "owner");
    let session = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let mut stale = kim.signed_at("1000000000");
    let refused = Answer::of(server.request(Method::GET, "/api/sessions").headers(stale.clone())).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    stale.insert("x-open-cowork-header-auth-secret", reqwest::header::HeaderValue::from_static("canary-of-a-wrong-secret"));
    let wrong = Answer::of(server.request(Method::GET, "/api/sessions").headers(stale)).await;
    let signature = kim.headers()["x-open-cowork-header-auth-signature"].to_str().expect("text").to_owned();
    let config = server.ask(&kim, Method::GET, "/api/config", None).await;
    let view = server.ask(&kim, Method::GET, &format!("/api/sessions/{session}/view"), None).await;
    for (place, text) in [
        ("a refusal", refused.body.to_string()),
        ("a refusal", wrong.body.to_string()),
        ("the configuration", config.body.to_string()),
        ("a view", view.body.to_string()),
        ("the log", server.log()),
    ] {
        assert_silent(place, &text, &[SECRET, "canary-of-a-wrong-secret", &signature]);
    }
}
