//! Who gets through, and with what.

use super::{Behaviour, HELLO, Stage, call, grant, hello};
use cowork_runtime::broker::BrokerLimits;
use serde_json::json;

#[tokio::test]
async fn only_what_was_granted_leaves() {
    let limits = BrokerLimits { request_bytes: 1000, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Streams(vec![HELLO]), limits).await;
    let lease = stage.broker.grant(grant());
    let (base_url, token) = (lease.base_url().to_owned(), lease.token().to_owned());
    let status = async |token: &str, path: &str, body: &_| {
        let answer = call(&base_url, token, path, body).await;
        let code = answer.headers().get("x-cowork-code").map(|code| code.to_str().expect("text").to_owned()).unwrap_or_default();
        (answer.status().as_u16(), code)
    };
    let chat = "chat/completions";
    assert_eq!(status("", chat, &hello("model-a")).await.0, 401);
    assert_eq!(status(&token.replace("ocb_", "ocb-"), chat, &hello("model-a")).await.0, 401);
    assert_eq!(status(&token, chat, &hello("model-b")).await, (403, "byok.model_not_allowed".into()));
    assert_eq!(status(&token, chat, &hello("granted")).await.0, 403);
    for path in ["models", "files", "messages", "responses", "chat/completions/../../files", "v1/chat/completions"] {
        assert_eq!(status(&token, path, &hello("model-a")).await.0, 404, "{path}");
    }
    assert_eq!(status(&token, chat, &json!([])).await.0, 400);
    assert_eq!(status(&token, chat, &json!({ "model": "model-a", "x": "y".repeat(1000) })).await.0, 413);
    assert!(stage.double.seen().is_empty(), "nothing of this reached the provider");
    assert_eq!(*stage.keys.opened.borrow(), 0, "and no key was opened for it");

    assert_eq!(status(&token, chat, &hello("model-a")).await.0, 200);
    drop(lease);
    assert_eq!(status(&token, chat, &hello("model-a")).await.0, 401);
    assert_eq!(stage.double.seen().len(), 1);
}

#[tokio::test]
async fn other_organisations_have_other_keys_or_none() {
    let stage = Stage::new("openai-compatible", Behaviour::Streams(vec![HELLO])).await;
    let stranger = stage.broker.grant(cowork_runtime::broker::Grant { org: cowork_domain::ids::OrgId::new("other"), ..grant() });
    let answer = call(stranger.base_url(), stranger.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["x-cowork-code"].to_str().ok()), (403, Some("byok.key_missing")));
    assert!(stage.double.seen().is_empty());
}

#[tokio::test]
async fn a_turn_makes_a_bounded_number_of_calls_at_a_time() {
    let limits = BrokerLimits { calls: 1, ..BrokerLimits::default() };
    let stage = Stage::with("openai-compatible", Behaviour::Endless, limits).await;
    let lease = stage.broker.grant(grant());
    let first = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    let second = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 429));
    drop(first);
    stage.double.traffic(|traffic| traffic.open == 0).await;
}
