use super::channel;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn an_operator_sends_a_dead_delivery_again_and_the_log_says_who_did_it() {
    let channel = channel().await;
    channel.deliver("dl-1", "c1").await;
    let claimed = channel.claim("gw", 1).await.remove(0);
    channel.settle(&claimed, "dead").await.expect(StatusCode::OK, "");
    let dead = channel.shown("dl-1").await;
    assert_eq!((&dead["status"], &dead["deadReason"]), (&json!("dead"), &json!("gateway")));

    let path = "/api/channels/deliveries/dl-1/retry";
    let retried = channel.server.ask(&channel.owner, Method::POST, path, Some(json!({}))).await.expect(StatusCode::OK, "");
    assert_eq!((&retried.body["delivery"]["status"], &retried.body["delivery"]["attemptCount"]), (&json!("failed"), &json!(1)));
    assert_eq!(channel.claim("gw", 1).await[0]["attemptCount"], json!(2));
    let audit = channel.server.ask(&channel.owner, Method::GET, "/api/admin/audit?action=channel_delivery.retried", None).await;
    assert_eq!(audit.body["events"][0]["targetId"], json!("dl-1"), "{audit:?}");
}

#[tokio::test]
async fn a_gateway_operates_only_on_what_it_claimed_last_and_an_unsure_name_names_nothing() {
    let channel = channel().await;
    channel.deliver("mine", "c1").await;
    channel.deliver("untouched", "c2").await;
    let slack = super::binding(&channel.server, &channel.owner, &channel.agent, "slack", "sl").await;
    let (both, _) = super::gateway(&channel.server, &channel.owner, &[&channel.binding, &slack]).await;
    let body = json!({ "agentId": channel.agent, "channelBindingId": slack, "provider": "slack", "eventType": "assistant.message",
        "target": { "chatId": "c" }, "payload": { "text": "x" }, "deliveryId": "mine" });
    channel.server.ask_with(&both, Method::POST, "/api/channels/deliveries", Some(body)).await.expect(StatusCode::CREATED, "");

    let owner = async |id: &str, body| {
        let path = format!("/api/channels/deliveries/{id}/retry");
        channel.server.ask(&channel.owner, Method::POST, &path, Some(body)).await
    };
    owner("mine", json!({})).await.expect(StatusCode::NOT_FOUND, "Channel delivery was not found.");
    owner("mine", json!({ "channelBindingId": channel.binding })).await.expect(StatusCode::OK, "");
    let refused = channel.post("deliveries/untouched/retry", json!({})).await;
    refused.expect(StatusCode::NOT_FOUND, "Channel delivery was not found.");
    let claimed = channel.claim("gw", 8).await;
    assert_eq!(claimed.len(), 2, "{claimed:?}");
    channel.post("deliveries/untouched/retry", json!({})).await.expect(StatusCode::OK, "");
}
