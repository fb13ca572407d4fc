//! Model providers with keys of the organisation, through the whole program.

mod choice;
mod stop;

use crate::{answer::is_settled, server::Server};
use cowork_runtime::demo::{self, DemoModel, DemoModelOptions};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A provider beside the server that takes one key alone. It obeys the directives of the demo model.
async fn provider(key: &str) -> DemoModel {
    let options = DemoModelOptions { listen: ([127, 0, 0, 1], 0).into(), require_key: Some(key.to_owned()), log: None };
    demo::start(options).await.expect("loopback is there")
}

/// How the operator describes it.
fn described(provider: &DemoModel, models: &[&str]) -> Value {
    json!({
        "kind": "openai-compatible", "baseUrl": provider.base_url(), "models": models, "allowPrivateNetwork": true,
        "prices": { models[0]: { "input": 1000, "output": 0 } },
    })
}

/// Saves a key and has it checked.
async fn bring(server: &Server, name: &str, key: &str) {
    let saved = server.post(&format!("/api/byok/{name}"), json!({ "apiKey": key })).await;
    assert_eq!(saved.status, StatusCode::CREATED, "{saved:?}");
    let validated = server.post(&format!("/api/byok/{name}/validate"), json!({})).await;
    assert_eq!(validated.body["validated"], true, "{validated:?}");
}

/// Prompts in a session of its own, for a model or without a word on it.
async fn ask(server: &Server, text: &str, model: Option<&str>) -> String {
    let session = server.session().await;
    let path = format!("/api/sessions/{session}/prompt");
    let accepted = server.post(&path, json!({ "text": text, "model": model })).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    session
}

/// How the turn ended: what was answered, or the code of its failure.
async fn end(server: &Server, session: &str) -> String {
    let view = server
        .until(session, |view| {
            let answered = crate::answer::messages(view).last().is_some_and(|last| last["role"] != "user");
            is_settled(view) && (answered || view["session"]["status"] == "errored")
        })
        .await;
    if view["session"]["status"] != "errored" {
        return crate::answer::answer(&view).to_owned();
    }
    let log = server.log_of(session).await;
    let error = log.iter().rev().find(|record| record["type"] == "runtime.error").expect("an error event");
    error["payload"]["code"].as_str().expect("a code").to_owned()
}

async fn disable(server: &Server, name: &str) {
    let disabled = crate::answer::Answer::of(server.request(Method::DELETE, &format!("/api/byok/{name}"))).await;
    assert_eq!((disabled.status, &disabled.body["disabled"]), (StatusCode::OK, &json!(true)), "{disabled:?}");
}
