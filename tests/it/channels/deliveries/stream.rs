use super::{Channel, channel};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The deliveries of a stream, or of a piece of it that ends with a frame.
pub(in crate::channels) fn deliveries(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str::<Value>(data).expect("JSON")["delivery"].clone()).filter(|delivery| !delivery.is_null()).collect()
}

#[tokio::test]
async fn a_stream_carries_the_backlog_a_keep_alive_and_what_comes_later_as_it_is() {
    let channel = channel().await;
    let made = channel.deliver("dl-1", "c1").await;
    assert_eq!(
        (&made["status"], &made["payload"]["accessToken"], &made["attemptCount"]),
        (&json!("pending"), &json!("[redacted]"), &json!(0))
    );
    assert_eq!(channel.deliver("dl-1", "c1").await, made, "the same id is the same delivery");

    let query = format!("claimedBy=gw-1&ttlMs=120000&channelBindingId={}", channel.binding);
    let mut stream = channel.follow(&query).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.until_text(|text| text.contains(": keep-alive")).await;
    let frame = first.split("\n\n").next().expect("a frame");
    assert!(frame.starts_with("id: dl-1\nevent: channel.delivery\ndata: {\"delivery\":{"), "{first}");
    let claimed = &deliveries(first)[0];
    assert_eq!((&claimed["payload"]["accessToken"], &claimed["claimedBy"]), (&json!("hush"), &json!("gw-1")));
    assert_eq!((&claimed["lastClaimedBy"], &claimed["attemptCount"]), (&json!(channel.token_id), &json!(1)));

    channel.deliver("watch:later:1", "c2").await;
    stream.until_text(|text| deliveries(text).len() == 2).await;
    let wrong = channel.post("deliveries/dl-1/ack", json!({ "status": "sent", "claimedBy": "gw-2" })).await;
    wrong.expect(StatusCode::NOT_FOUND, "Channel delivery was not found.");
    let body = json!({ "status": "sent", "claimedBy": "gw-1", "channelBindingId": channel.binding, "lastError": null });
    let sent = channel.post("deliveries/watch%3Alater%3A1/ack", body.clone()).await.expect(StatusCode::OK, "");
    assert_eq!((&sent.body["delivery"]["status"], &sent.body["delivery"]["claimedBy"]), (&json!("sent"), &json!(null)));
    assert_eq!(sent.body["delivery"]["claimToken"], json!(null), "a claim's token is its claimant's alone");

    // A failed attempt is retried on the same stream when it is due.
    let failed = json!({ "status": "failed", "claimedBy": "gw-1", "lastError": "timeout token=abcdef0123456789" });
    let failed = channel.post("deliveries/dl-1/ack", failed).await.expect(StatusCode::OK, "");
    assert_eq!(failed.body["delivery"]["lastError"], json!("timeout token=[redacted]"));
    let all = stream.until_text(|text| deliveries(text).len() == 3).await;
    assert_eq!((&deliveries(all)[2]["deliveryId"], &deliveries(all)[2]["attemptCount"]), (&json!("dl-1"), &json!(2)));

    let listed = channel.server.ask_with(&channel.token, Method::GET, "/api/channels/deliveries?status=sent", None).await;
    assert_eq!(listed.body["deliveries"][0]["deliveryId"], json!("watch:later:1"));
    assert_eq!(listed.body["deliveries"][0]["payload"]["accessToken"], json!("[redacted]"));
}

#[tokio::test]
async fn a_stream_has_no_more_in_hand_than_its_credit_and_goes_on_with_each_acknowledgement() {
    let channel = channel().await;
    for number in 0..5 {
        channel.deliver(&format!("dl-{number}"), &format!("c{number}")).await;
    }
    let mut stream = channel.follow("claimedBy=gw&credit=2").await;
    let first = stream.until_text(|text| text.contains(": keep-alive")).await;
    assert_eq!(deliveries(first).len(), 2, "{first}");
    for done in 0..3 {
        let next = deliveries(stream.text())[done].clone();
        channel.settle(&next, "sent").await.expect(StatusCode::OK, "");
        stream.until_text(|text| deliveries(text).len() == done + 3).await;
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token_or_its_binding_and_what_is_made_later_waits() {
    for revoked in ["token", "binding"] {
        let channel = channel().await;
        let mut stream = channel.follow("claimedBy=gw").await;
        stream.until_text(|text| text.contains(": keep-alive")).await;
        let (token, _) = super::gateway(&channel.server, &channel.owner, &[&channel.binding]).await;
        let other = Channel { token, ..channel };
        take_back(&other, revoked).await;
        stream.until_cut().await;
        if revoked == "token" {
            assert_eq!(other.deliver("late", "c1").await["status"], json!("pending"));
            assert_eq!(other.shown("late").await["attemptCount"], json!(0), "nobody who may not claimed it");
        } else {
            let refused = other.post("deliveries/claim", json!({})).await;
            assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"));
        }
    }
}

async fn take_back(channel: &Channel, what: &str) {
    let (method, path, body) = if what == "token" {
        (Method::DELETE, format!("/api/api-tokens/{}", channel.token_id), None)
    } else {
        (Method::PATCH, format!("/api/channels/bindings/{}", channel.binding), Some(json!({ "status": "disabled" })))
    };
    channel.server.ask(&channel.owner, method, &path, body).await.expect(StatusCode::OK, "");
}

#[tokio::test]
async fn naming_a_binding_that_is_not_granted_is_refused_before_anything_is_sent() {
    let channel = channel().await;
    let other = super::binding(&channel.server, &channel.owner, &channel.agent, "slack", "sl").await;
    for named in [other.as_str(), "none"] {
        let path = format!("/api/channels/deliveries/stream?channelBindingId={}&channelBindingId={named}", channel.binding);
        let refused = channel.server.ask_with(&channel.token, Method::GET, &path, None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"), "{named}");
    }
}
