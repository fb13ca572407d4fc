//! Leases of gateway replicas: several serve one binding without doubling anything.

use super::{
    bind,
    deliveries::{Channel, channel},
    text, thread,
};
use crate::answer::Answer;
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn hold(channel: &Channel, holder: &str, ttl: u64) -> Answer {
    channel.post("leases", json!({ "channelBindingId": channel.binding, "holder": holder, "ttlMs": ttl })).await
}

async fn release(channel: &Channel, holder: &str) -> Answer {
    let path = format!("/api/channels/leases/{}?holder={holder}", channel.binding);
    channel.server.ask_with(&channel.token, Method::DELETE, &path, None).await.expect(StatusCode::OK, "")
}

#[tokio::test]
async fn one_replica_holds_a_binding_renews_it_hands_it_over_and_is_refused_by_number_afterwards() {
    let channel = channel().await;
    super::allow(&channel.server, &channel.owner, "telegram", "u-1", "member").await;
    let bound = bind(&channel.server, &channel.token, thread(&channel.binding, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    channel.deliver("dl-1", "c1").await;
    let held = hold(&channel, "a", 60_000).await.expect(StatusCode::OK, "");
    assert_eq!((&held.body["lease"]["holder"], &held.body["lease"]["epoch"]), (&json!("a"), &json!(1)));
    assert_eq!(hold(&channel, "a", 60_000).await.body["lease"]["epoch"], json!(1), "a renewal");
    let taken = hold(&channel, "b", 60_000).await;
    assert_eq!((taken.status, &taken.body["code"]), (StatusCode::CONFLICT, &json!("channels.lease_taken")));
    assert_eq!(taken.body["lease"]["holder"], json!("a"));
    assert!(taken.body["retryAfterMs"].as_u64().is_some_and(|millis| (1..=60_000).contains(&millis)), "{taken:?}");

    let claimed = channel.claim("a", 1).await.remove(0);
    assert_eq!(release(&channel, "b").await.body["released"], json!(false));
    assert_eq!(release(&channel, "a").await.body["released"], json!(true));
    assert_eq!(hold(&channel, "b", 60_000).await.body["lease"]["epoch"], json!(2));

    let ack = |epoch: i64| {
        channel.post("deliveries/dl-1/ack", json!({ "status": "sent", "claimToken": claimed["claimToken"], "leaseEpoch": epoch }))
    };
    let cursor = |epoch: i64| {
        channel.post(
            "cursor",
            json!({ "bindingId": text(&bound.body["binding"]["bindingId"]), "lastEventSequence": epoch, "leaseEpoch": epoch }),
        )
    };
    for late in [ack(1).await, cursor(1).await] {
        assert_eq!((late.status, &late.body["code"]), (StatusCode::CONFLICT, &json!("channels.lease_lost")), "{late:?}");
    }
    ack(2).await.expect(StatusCode::OK, "");
    assert_eq!(cursor(2).await.expect(StatusCode::OK, "").body["result"]["ok"], json!(true));
}

#[tokio::test]
async fn a_lease_that_ran_out_goes_to_whoever_asks_with_the_next_epoch() {
    let channel = channel().await;
    hold(&channel, "a", 1000).await.expect(StatusCode::OK, "");
    channel.server.sql("update channel_leases set expires_at = now() - interval '1 second'").await;
    let both = futures_util::future::join(hold(&channel, "b", 60_000), hold(&channel, "c", 60_000)).await;
    let statuses = [both.0.status, both.1.status];
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::CONFLICT), "one of two: {statuses:?}");
    let refused = channel.post("leases", json!({ "channelBindingId": "other", "holder": "a" })).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"));
    assert_eq!(channel.post("leases", json!({ "channelBindingId": channel.binding })).await.status, StatusCode::BAD_REQUEST);
}
