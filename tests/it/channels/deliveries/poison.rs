use super::{Channel, channel, on};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use cowork_domain::timestamp::Timestamp;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_delivery_that_takes_its_gateways_down_is_given_up_and_its_lane_goes_on() {
    let environment = [HEADER_MODE.as_slice(), &[("CHANNEL_DELIVERY_MAX_ATTEMPTS", "3")]].concat();
    let channel = on((Server::with(&environment).await, Caller::new("acme", "kim", "owner"))).await;
    channel.deliver("poison", "c1").await;
    channel.deliver("behind", "c1").await;
    for attempt in 1..=3 {
        let claimed = dying(&channel).await;
        assert_eq!((&claimed["deliveryId"], &claimed["attemptCount"]), (&json!("poison"), &json!(attempt)));
    }
    let next = channel.claim("gw", 8).await;
    assert_eq!((next.len(), &next[0]["deliveryId"]), (1, &json!("behind")));
    let dead = channel.shown("poison").await;
    assert_eq!((&dead["status"], &dead["deadReason"], &dead["attemptCount"]), (&json!("dead"), &json!("attempts_exhausted"), &json!(3)));
    assert_eq!(dead["lastError"], json!("given up after 3 attempts"));
}

/// A claim of a gateway that dies before it says anything.
async fn dying(channel: &Channel) -> serde_json::Value {
    channel.claim_with(json!({ "claimedBy": "gw", "ttlMs": 1, "max": 8, "waitMs": 5000 })).await.remove(0)
}

#[tokio::test]
async fn a_failure_holds_its_own_lane_and_no_other() {
    let channel = channel().await;
    for (id, chat) in [("first", "c1"), ("second", "c1"), ("other", "c2")] {
        channel.deliver(id, chat).await;
    }
    let claimed = channel.claim("gw", 8).await;
    let ids: Vec<_> = claimed.iter().map(|delivery| delivery["deliveryId"].clone()).collect();
    assert_eq!(ids, ["first", "other"], "one of each lane, in its order");
    let soon = json!({ "status": "failed", "claimToken": claimed[0]["claimToken"], "nextAttemptAt": far_off(600) });
    channel.post("deliveries/first/ack", soon).await.expect(StatusCode::OK, "");
    channel.settle(&claimed[1], "sent").await.expect(StatusCode::OK, "");
    assert!(channel.claim_with(json!({ "claimedBy": "gw" })).await.is_empty(), "the second must not overtake the first");

    // A dead one doesn't hold what stands behind it.
    channel.post("deliveries/first/dead-letter", json!({})).await.expect(StatusCode::OK, "");
    assert_eq!(channel.shown("first").await["lastError"], json!("Manually dead-lettered by gateway operator."));
    assert_eq!(channel.claim("gw", 8).await[0]["deliveryId"], json!("second"));
}

fn far_off(seconds: u64) -> String {
    let seconds = i64::try_from(crate::caller::now() + seconds).expect("a time of ours");
    Timestamp::from_millis(seconds * 1000).to_string()
}
