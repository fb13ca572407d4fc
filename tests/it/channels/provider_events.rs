use super::{binding, gateway, server, telegram, text};
use crate::{answer::Answer, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn event(binding: &str, id: &str, by: &str) -> Value {
    json!({ "channelBindingId": binding, "provider": "telegram", "providerInstanceId": "telegram", "providerEventId": id,
        "eventType": "message", "claimedBy": by, "metadata": { "targetChatId": "c-1" } })
}

async fn claim(server: &Server, token: &str, body: Value) -> Answer {
    server.ask_with(token, Method::POST, "/api/channels/provider-events/claim", Some(body)).await
}

async fn complete(server: &Server, token: &str, event: &Value, body: Value) -> Answer {
    let path = format!("/api/channels/provider-events/{}/complete", text(&event["eventId"]));
    server.ask_with(token, Method::POST, &path, Some(body)).await
}

/// Whether it was claimed, whether it is a duplicate, how far it is, and how often it was claimed.
fn told(answer: &Answer) -> (bool, bool, &str, u64) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let event = &answer.body["event"];
    let status = event["status"].as_str().expect("a status");
    (answer.body["claimed"] == true, answer.body["duplicate"] == true, status, event["attemptCount"].as_u64().expect("a count"))
}

#[tokio::test]
async fn an_event_is_taken_by_one_gateway_until_it_is_over() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let first = claim(&server, &token, event(&binding, "1", "g1")).await;
    assert_eq!(told(&first), (true, false, "processing", 1));
    assert_eq!(first.body["event"]["metadata"], json!({ "targetChatId": "c-1", "channelBindingId": binding }));
    assert_eq!(told(&claim(&server, &token, event(&binding, "1", "g2")).await), (false, true, "processing", 1));

    let event_of = &first.body["event"];
    let failed = json!({ "claimedBy": "g1", "status": "failed", "lastError": "boom Bearer abcdefghijklmnop" });
    complete(&server, &token, event_of, json!({ "claimedBy": "g2", "status": "processed" }))
        .await
        .expect(StatusCode::NOT_FOUND, "Provider event claim was not found.");
    let over = complete(&server, &token, event_of, failed).await.expect(StatusCode::OK, "");
    assert_eq!(over.body["event"]["lastError"], "boom Bearer [redacted]");
    assert_eq!((&over.body["event"]["claimedBy"], &over.body["event"]["retryable"]), (&Value::Null, &json!(true)));

    let again = claim(&server, &token, event(&binding, "1", "g2")).await;
    assert_eq!(told(&again), (true, false, "processing", 2));
    let done = complete(&server, &token, event_of, json!({ "claimedBy": "g2", "status": "processed" })).await;
    assert_eq!((done.status, done.body["event"]["processedAt"].is_string()), (StatusCode::OK, true), "{done:?}");
    assert_eq!(told(&claim(&server, &token, event(&binding, "1", "g1")).await), (false, true, "processed", 2));

    // Who claims for a moment only loses it right after.
    let mut short = event(&binding, "2", "g1");
    short["ttlMs"] = json!(1);
    claim(&server, &token, short).await.expect(StatusCode::OK, "");
    loop {
        let next = claim(&server, &token, event(&binding, "2", "g2")).await;
        if told(&next).0 {
            break;
        }
    }
}

#[tokio::test]
async fn gateways_that_get_an_event_at_once_do_not_share_it() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let asked = (0..12).map(|number| claim(&server, &token, event(&binding, "1", &format!("g{number}"))));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| told(answer).0).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn only_what_a_token_serves_is_claimed_and_one_of_several_bindings_is_named() {
    let (server, owner) = server().await;
    let (first, token) = telegram(&server, &owner).await;
    let agent = super::agent(&server, &owner, "support").await;
    let second = binding(&server, &owner, &agent, "telegram", "tg-2").await;
    let unnamed = || {
        let mut body = event(&first, "1", "g1");
        body.as_object_mut().expect("an object").remove("channelBindingId");
        body
    };
    let only = claim(&server, &token, unnamed()).await;
    assert_eq!(only.body["event"]["channelBindingId"], json!(first));
    let refused = claim(&server, &token, event(&second, "1", "g1")).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"));
    let (both, _) = gateway(&server, &owner, &[&first, &second]).await;
    let text = "Provider event claim requires channelBindingId when multiple channel bindings match.";
    claim(&server, &both, unnamed()).await.expect(StatusCode::BAD_REQUEST, text);
    let mut other = event(&first, "1", "g1");
    other["provider"] = json!("slack");
    claim(&server, &token, other).await.expect(StatusCode::BAD_REQUEST, "Channel provider does not match binding.");
    for field in ["provider", "providerInstanceId", "providerEventId", "eventType", "claimedBy"] {
        let mut body = event(&first, "1", "g1");
        body[field] = json!(" ");
        assert_eq!(claim(&server, &token, body).await.status, StatusCode::BAD_REQUEST, "{field}");
    }
}
