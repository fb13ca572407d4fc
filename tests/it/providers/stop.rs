//! Stopping whatever runs on a key.

use super::{ask, bring, described, disable, end, provider};
use crate::server::{PATIENCE, Server};
use cowork_runtime::demo::DemoModel;
use serde_json::json;
use std::time::Instant;

const KEY: &str = "sk-a-key-that-is-disabled-0123456789";

/// Fifty turns that stream; the sessions.
async fn fifty(server: &Server, provider: &DemoModel) -> Vec<String> {
    let before = provider.requests().borrow().begun;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        sessions.push(ask(server, "[[slow:20]][[text:10000]]", None).await);
    }
    let mut requests = provider.requests();
    let all = requests.wait_for(|count| count.begun == before + 50);
    tokio::time::timeout(PATIENCE, all).await.expect("in time").expect("the provider runs");
    sessions
}

#[tokio::test]
#[ignore = "a measurement: run it alone, with --no-capture"]
async fn how_long_traffic_goes_on_after_a_key_was_disabled() {
    let provider = provider(KEY).await;
    let providers = json!({ "house": described(&provider, &["alpha"]) }).to_string();
    let server = Server::with(&[("PROVIDERS", &providers)]).await;
    for round in 1..=5 {
        bring(&server, "house", KEY).await;
        fifty(&server, &provider).await;
        let mut requests = provider.requests();
        let asked = Instant::now();
        disable(&server, "house").await;
        let answered = asked.elapsed();
        let none = requests.wait_for(|count| count.ended == count.begun);
        tokio::time::timeout(PATIENCE, none).await.expect("in time").expect("the provider runs");
        eprintln!("round {round}: answered after {answered:?}, no traffic of 50 turns after {:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn disabling_a_key_stops_every_turn_that_streams_with_it() {
    let provider = provider(KEY).await;
    let providers = json!({ "house": described(&provider, &["alpha"]) }).to_string();
    let server = Server::with(&[("PROVIDERS", &providers)]).await;
    bring(&server, "house", KEY).await;
    let before = provider.requests().borrow().begun;
    let sessions = fifty(&server, &provider).await;
    let mut requests = provider.requests();
    disable(&server, "house").await;
    let none = requests.wait_for(|count| count.ended == count.begun);
    tokio::time::timeout(PATIENCE, none).await.expect("in time").expect("the provider runs");
    for session in &sessions {
        assert_eq!(end(&server, session).await, "byok.key_disabled");
    }
    assert_eq!(provider.requests().borrow().begun, before + 50, "nobody tried again");
}
