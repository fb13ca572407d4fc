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

#[tokio::test]
async fn after_a_leak_an_operator_gives_up_what_waits_in_one_channel_and_reads_what_happened_there() {
    let channel = channel().await;
    let slack = super::binding(&channel.server, &channel.owner, &channel.agent, "slack", "sl").await;
    channel.deliver("sent", "c1").await;
    let sent = channel.claim("gw", 1).await.remove(0);
    channel.settle(&sent, "sent").await.expect(StatusCode::OK, "");
    channel.deliver("claimed", "c2").await;
    let claimed = channel.claim("gw", 1).await.remove(0);
    channel.deliver("waits", "c3").await;

    let path = "/api/channels/deliveries/dead-letter";
    let give_up = async |body| channel.server.ask(&channel.owner, Method::POST, path, Some(body)).await;
    give_up(json!({})).await.expect(StatusCode::BAD_REQUEST, "channelBindingId is required.");
    let soon = json!({ "channelBindingId": channel.binding, "createdFrom": "soon" });
    give_up(soon).await.expect(StatusCode::BAD_REQUEST, "Date value must be a valid ISO timestamp.");
    give_up(json!({ "channelBindingId": "nobody" })).await.expect(StatusCode::NOT_FOUND, "Channel binding was not found.");
    let nothing = json!({ "deadLettered": 0, "more": false });
    for elsewhere in [
        json!({ "channelBindingId": slack }),
        json!({ "channelBindingId": channel.binding, "createdBefore": "2026-01-01" }),
        json!({ "channelBindingId": channel.binding, "createdFrom": "2126-01-01" }),
    ] {
        assert_eq!(give_up(elsewhere).await.body, nothing);
    }
    let all = json!({ "channelBindingId": channel.binding, "createdFrom": "2026-01-01", "lastError": "token leaked" });
    assert_eq!(give_up(all.clone()).await.body, json!({ "deadLettered": 2, "more": false }));
    assert_eq!(give_up(all).await.body, nothing);

    assert_eq!(channel.shown("sent").await["status"], json!("sent"));
    for id in ["claimed", "waits"] {
        let shown = channel.shown(id).await;
        assert_eq!(
            (&shown["status"], &shown["deadReason"], &shown["lastError"]),
            (&json!("dead"), &json!("operator"), &json!("token leaked"))
        );
    }
    assert!(channel.claim("gw", 8).await.is_empty());
    assert_ne!(channel.settle(&claimed, "sent").await.status, StatusCode::OK, "who has it in hand hears of it");

    let log = async |binding: &str| {
        let path = format!("/api/admin/audit?action=channel_&channelBindingId={binding}");
        let read = channel.server.ask(&channel.owner, Method::GET, &path, None).await.expect(StatusCode::OK, "").body;
        let names = read["events"].as_array().expect("rows").iter().map(|row| row["eventType"].as_str().expect("a name").to_owned());
        names.collect::<Vec<_>>()
    };
    let buried = "channel_delivery.dead_lettered";
    assert_eq!(log(&channel.binding).await, [buried, buried, "channel_binding.created"]);
    assert_eq!(log(&slack).await, ["channel_binding.created"]);
}
