//! What channels leave behind is removed when its time is over.

use super::{
    allow, bind,
    deliveries::{Channel, on},
    text, thread,
};
use crate::{
    caller::{Caller, HEADER_MODE},
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Instant;

const HOUR: &str = "3600000";

/// Everything here is named `old` or `young`, and after what became of it. Only what is old and over may go.
#[tokio::test]
async fn what_is_over_for_long_is_removed_and_what_is_open_stays() {
    let own = [("RETENTION_INTERVAL_MS", "100"), ("RETENTION_CHANNEL_DELIVERY_MS", HOUR), ("RETENTION_CHANNEL_INTERACTION_MS", HOUR)];
    let server = Server::with(&[HEADER_MODE.as_slice(), &own].concat()).await;
    let channel = on((server, Caller::new("acme", "kim", "owner"))).await;
    deliveries(&channel).await;
    events(&channel).await;
    messages(&channel).await;
    interactions(&channel).await;
    for (table, name, young) in [
        ("channel_deliveries", "delivery_id", "young-sent"),
        ("channel_provider_events", "event", "young-processed"),
        ("channel_inbox", "event", "young-refused"),
        ("channel_interactions", "target", "young-expired"),
    ] {
        until(&channel, &format!("select {name} from {table} order by {name}"), &["old-open", young]).await;
    }
    // What is to be sent in them: only the one that is open has a lane.
    let lanes = "select d.delivery_id from channel_delivery_lanes l left join channel_deliveries d on d.number = l.head";
    until(&channel, lanes, &["old-open"]).await;
    let again = channel.post("deliveries/young-sent/retry", json!({})).await;
    again.expect(StatusCode::OK, "");
    channel.deliver("next", "c0").await;
    let claimed = channel.claim("gw", 8).await;
    let mut ids: Vec<String> = claimed.iter().map(|delivery| text(&delivery["deliveryId"])).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["next", "young-sent"], "lanes come back with the next delivery, and with an old one that is sent again");
}

/// Lanes are removed all the time, just as deliveries are made, claimed and settled in them: none of them gets lost.
#[tokio::test]
async fn no_delivery_is_lost_with_a_lane_that_is_removed() {
    let server = Server::with(&[HEADER_MODE.as_slice(), &[("RETENTION_INTERVAL_MS", "1")]].concat()).await;
    let channel = on((server, Caller::new("acme", "kim", "owner"))).await;
    for round in 0..40 {
        let ids = [format!("{round}-a"), format!("{round}-b"), format!("{round}-c")];
        tokio::join!(channel.deliver(&ids[0], "c1"), channel.deliver(&ids[1], "c2"), channel.deliver(&ids[2], "c3"));
        let (mut sent, deadline) = (Vec::new(), Instant::now() + PATIENCE);
        while sent.len() < ids.len() {
            assert!(Instant::now() < deadline, "round {round}: only {sent:?} of {ids:?}");
            for delivery in channel.claim("gw", 8).await {
                channel.settle(&delivery, "sent").await.expect(StatusCode::OK, "");
                sent.push(text(&delivery["deliveryId"]));
            }
        }
        sent.sort_unstable();
        assert_eq!(sent, ids);
    }
    until(&channel, "select lane::text from channel_delivery_lanes", &[]).await;
}

async fn deliveries(channel: &Channel) {
    for (number, id) in ["old-sent", "old-dead", "old-open", "young-sent"].into_iter().enumerate() {
        channel.deliver(id, &format!("c{number}")).await;
    }
    for delivery in channel.claim("gw", 8).await {
        if let Some((_, status @ ("sent" | "dead"))) = text(&delivery["deliveryId"]).split_once('-') {
            channel.settle(&delivery, status).await.expect(StatusCode::OK, "");
        }
    }
    channel.server.sql("update channel_deliveries set updated_at = now() - interval '2 hours' where delivery_id like 'old%'").await;
}

async fn events(channel: &Channel) {
    for id in ["old-processed", "old-open", "young-processed"] {
        let body = json!({ "channelBindingId": channel.binding, "provider": "telegram", "providerInstanceId": "telegram",
            "providerEventId": id, "eventType": "message", "claimedBy": "gw", "ttlMs": 3_600_000 });
        let claimed = channel.post("provider-events/claim", body).await.expect(StatusCode::OK, "");
        if id.ends_with("processed") {
            let path = format!("provider-events/{}/complete", text(&claimed.body["event"]["eventId"]));
            channel.post(&path, json!({ "claimedBy": "gw", "status": "processed" })).await.expect(StatusCode::OK, "");
        }
    }
    channel.server.sql("update channel_provider_events set created_at = now() - interval '31 days' where event like 'old%'").await;
}

async fn messages(channel: &Channel) {
    for id in ["old-refused", "old-open", "young-refused"] {
        let body = json!({ "channelBindingId": channel.binding, "provider": "telegram", "providerInstanceId": "telegram",
            "providerEventId": id, "externalChatId": "chat-1", "externalUserId": "a-stranger", "text": "let me in" });
        channel.post("inbox", body).await.expect(StatusCode::ACCEPTED, "");
    }
    until(channel, "select event from channel_inbox where status = 'received'", &[]).await;
    // Something is in the way of this one.
    let open = "update channel_inbox set status = 'received', refusal_code = null, refusal = null, due_at = now() + interval '1 day'
                 where event = 'old-open'";
    channel.server.sql(open).await;
    channel.server.sql("update channel_inbox set created_at = now() - interval '31 days' where event like 'old%'").await;
}

async fn interactions(channel: &Channel) {
    allow(&channel.server, &channel.owner, "telegram", "u-1", "member").await;
    let bound = bind(&channel.server, &channel.token, thread(&channel.binding, "telegram", "u-1", "t-1")).await;
    let bound = bound.expect(StatusCode::OK, "").body["binding"].clone();
    for target in ["old-expired", "old-open", "young-expired"] {
        let body = json!({ "agentId": bound["agentId"], "sessionId": bound["sessionId"], "sessionBindingId": bound["bindingId"],
            "provider": "telegram", "kind": "question", "targetId": target, "interactionId": target });
        channel.post("interactions", body).await.expect(StatusCode::CREATED, "");
    }
    channel.server.sql("update channel_interactions set expires_at = now() - interval '1 minute' where target like '%expired'").await;
    channel.server.sql("update channel_interactions set created_at = now() - interval '2 hours' where target like 'old%'").await;
}

/// Waits until a query finds this and nothing else.
async fn until(channel: &Channel, query: &str, wanted: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let rows = channel.server.rows(query).await;
        let found: Vec<&str> = rows.iter().filter_map(|row| row.as_object()?.values().next().and_then(Value::as_str)).collect();
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{query}: {found:?} instead of {wanted:?}");
        tokio::time::sleep(GLANCE).await;
    }
}
