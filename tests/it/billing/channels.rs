//! Chats of an organisation that doesn't pay.

use super::{assert_unpaid, billed, owner, subscribe, told};
use crate::channels::{agent, allow, bind, binding, gateway, prompt, text, thread};
use reqwest::{Method, StatusCode};
use serde_json::json;

const LATE: (&str, &str) = ("billing.subscription_inactive", "Billing subscription is past_due.");

#[tokio::test]
async fn threads_neither_begin_nor_go_on_and_what_is_turned_off_stays_off() {
    let server = billed().await;
    let kim = owner("acme");
    subscribe(&server, &kim, "pro").await;
    let agent = agent(&server, &kim, "support").await;
    let binding = binding(&server, &kim, &agent, "telegram", "tg").await;
    allow(&server, &kim, "telegram", "u-1", "member").await;
    let (token, _) = gateway(&server, &kim, &[&binding]).await;
    let bound = bind(&server, &token, thread(&binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let bound = text(&bound.body["binding"]["bindingId"]);
    let said = json!({ "bindingId": bound, "text": "hi", "provider": "telegram", "externalUserId": "u-1" });
    prompt(&server, &token, said.clone()).await.expect(StatusCode::ACCEPTED, "");
    let message = |event: &str| {
        json!({ "channelBindingId": binding, "provider": "telegram", "providerInstanceId": "telegram", "providerEventId": event,
            "externalChatId": "chat-1", "externalThreadId": "t-1", "externalUserId": "u-1", "username": "kim", "text": "hi" })
    };
    let hand_over = async |event: &str| server.ask_with(&token, Method::POST, "/api/channels/inbox", Some(message(event))).await;
    hand_over("m-1").await.expect(StatusCode::ACCEPTED, "");

    told(&server, json!({"id": "evt_1", "subscription": {"orgId": "acme", "status": "past_due"}})).await.expect(StatusCode::OK, "");
    assert_unpaid(bind(&server, &token, thread(&binding, "telegram", "u-1", "t-2")).await, LATE.0, LATE.1);
    assert_unpaid(prompt(&server, &token, said.clone()).await, LATE.0, LATE.1);
    assert_unpaid(hand_over("m-2").await, LATE.0, LATE.1);
    let again = hand_over("m-1").await.expect(StatusCode::ACCEPTED, "");
    assert_eq!(again.body["duplicate"], true, "what is ours stays ours");
    let stranger = json!({ "bindingId": bound, "text": "hi", "provider": "telegram", "externalUserId": "u-9" });
    assert_eq!(prompt(&server, &token, stranger).await.status, StatusCode::FORBIDDEN, "who may prompt comes first");

    let change = async |body| server.ask(&kim, Method::PATCH, &format!("/api/channels/bindings/{binding}"), Some(body)).await;
    assert_unpaid(change(json!({"displayName": "Renamed"})).await, LATE.0, LATE.1);
    change(json!({"status": "disabled"})).await.expect(StatusCode::OK, "");
    let disable = json!({"status": "disabled"});
    server.ask(&kim, Method::PATCH, &format!("/api/channels/agents/{agent}"), Some(disable)).await.expect(StatusCode::OK, "");
}
