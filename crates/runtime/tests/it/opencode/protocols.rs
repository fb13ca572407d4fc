//! OpenCode in the protocols of its slots, against providers that speak them.

use super::house::{KEY, OpenHouse, answer};
use crate::broker::{
    double::{Behaviour, Double},
    protocols::{ANTHROPIC_TEXT, GOOGLE_TEXT, OPENAI_TEXT},
};
use cowork_domain::runtime_event::{RuntimeEvent, Tokens};

#[tokio::test]
async fn every_protocol_streams_with_the_customers_key_and_is_counted() {
    for (kind, header, key, path, stream) in [
        ("openai-compatible", "authorization", format!("Bearer {KEY}"), "/v1/chat/completions", OPENAI_TEXT),
        ("anthropic", "x-api-key", KEY.to_owned(), "/v1/messages", ANTHROPIC_TEXT),
        ("google", "x-goog-api-key", KEY.to_owned(), "/v1/models/model-a:streamGenerateContent?alt=sse", GOOGLE_TEXT),
    ] {
        let double = Double::start(Behaviour::Streams(vec![stream])).await;
        let provider = serde_json::json!({
            "kind": kind, "baseUrl": format!("{}/v1", double.origin), "models": ["model-a"], "allowPrivateNetwork": true,
        });
        let Some(house) = OpenHouse::on(provider).await else { return };
        let events = house.run("do the work").await;
        assert_eq!(events.last(), Some(&RuntimeEvent::Finished), "{kind}: {events:?}");
        assert_eq!(answer(&events), "all done", "{kind}: {events:?}");
        let counted = events.iter().find_map(|event| if let RuntimeEvent::ModelCall { tokens, .. } = event { Some(*tokens) } else { None });
        assert_eq!(counted, Some(Tokens { input: 40, output: 5, cache_read: 8, ..Tokens::default() }), "{kind}: {events:?}");
        // OpenCode may ask for a title of the session, too.
        for request in double.seen() {
            assert_eq!((request.path.as_str(), request.headers[header].to_str().ok()), (path, Some(key.as_str())), "{kind}");
        }
    }
}
