mod budget;
mod faults;
mod in_use;
mod memory;
mod nodes;
mod provider;
mod reference;
mod refused;
mod runbook;
mod tampered;

use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

/// The name under which the servers of these tests know the provider beside them.
const PROVIDER: &str = "acme-llm";

/// An owner of an organisation.
fn owner(org: &str) -> Caller {
    Caller::new(org, "kim", "owner")
}

/// Saves a key; returns the record.
async fn save(server: &Server, caller: &Caller, key: &str) -> Value {
    let saved = server.ask(caller, Method::POST, &format!("/api/byok/{PROVIDER}"), Some(json!({ "apiKey": key }))).await;
    assert_eq!(saved.status, StatusCode::CREATED, "{saved:?}");
    saved.body["secret"].clone()
}

/// Has the latest key checked.
async fn validate(server: &Server, caller: &Caller) -> Answer {
    let answer = server.ask(caller, Method::POST, &format!("/api/byok/{PROVIDER}/validate"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer
}

/// The record as it is now, and the one in use.
async fn shown(server: &Server, caller: &Caller) -> Value {
    server.ask(caller, Method::GET, &format!("/api/byok/{PROVIDER}"), None).await.body
}

/// Waits until the records are as wanted.
async fn until_shown(server: &Server, caller: &Caller, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + crate::server::PATIENCE;
    loop {
        let now = shown(server, caller).await;
        if wanted(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "the key never came to what is wanted: {now:#}");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
}

/// The audit log about keys, oldest first: event types, with their metadata.
async fn audit(server: &Server, caller: &Caller) -> Vec<(String, Value)> {
    let log = server.ask(caller, Method::GET, "/api/admin/audit?action=byok_secret.&limit=100", None).await.body;
    let events = log["events"].as_array().expect("a list").iter().rev();
    events.map(|event| (event["eventType"].as_str().expect("text").to_owned(), event["metadata"].clone())).collect()
}

/// Prompts in a session of its own; returns the view when the turn is over, with the code of its failure.
async fn prompt(server: &Server, caller: &Caller, text: &str) -> Value {
    let created = server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await;
    let session = crate::server::session_id(&created);
    let body = json!({ "text": text, "model": format!("{PROVIDER}/m1") });
    let accepted = server.ask(caller, Method::POST, &format!("/api/sessions/{session}/prompt"), Some(body)).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    let deadline = Instant::now() + crate::server::PATIENCE;
    loop {
        let mut view = server.ask(caller, Method::GET, &format!("/api/sessions/{session}/view"), None).await.body;
        let answered =
            view["session"]["status"] == "errored" || crate::answer::messages(&view).any(|message| message["role"] == "assistant");
        if answered && crate::answer::is_settled(&view) {
            let latest = server.rows("select error_code from commands order by created_at desc limit 1").await;
            view["errorCode"] = latest[0]["error_code"].clone();
            return view;
        }
        assert!(Instant::now() < deadline, "the turn never ended: {view:#}");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
}
