//! Stopping whatever runs on a key.

use super::{ask, bring, described, disable, end, provider};
use crate::server::{PATIENCE, Server};
use serde_json::json;

const KEY: &str = "sk-a-key-that-is-disabled-0123456789";

#[tokio::test]
async fn disabling_a_key_stops_every_turn_that_streams_with_it() {
    let provider = provider(KEY).await;
    let providers = json!({ "house": described(&provider, &["alpha"]) }).to_string();
    let server = Server::with(&[("PROVIDERS", &providers)]).await;
    bring(&server, "house", KEY).await;
    let before = provider.requests().borrow().begun;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        sessions.push(ask(&server, "[[slow:20]][[text:10000]]", None).await);
    }
    let mut requests = provider.requests();
    let all = requests.wait_for(|count| count.begun == before + 50);
    tokio::time::timeout(PATIENCE, all).await.expect("in time").expect("the provider runs");
    disable(&server, "house").await;
    let none = requests.wait_for(|count| count.ended == count.begun);
    tokio::time::timeout(PATIENCE, none).await.expect("in time").expect("the provider runs");
    for session in &sessions {
        assert_eq!(end(&server, session).await, "byok.key_disabled");
    }
    assert_eq!(provider.requests().borrow().begun, before + 50, "nobody tried again");
}
