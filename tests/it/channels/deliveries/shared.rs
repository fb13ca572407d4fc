use super::{Channel, channel, text};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;

const CHATS: usize = 20;
const OF_EACH: usize = 10;

/// What was acknowledged as sent, in that order.
type Sent = Vec<(String, usize)>;

#[tokio::test]
async fn two_gateways_share_a_binding_and_one_that_stops_loses_doubles_and_disorders_nothing() {
    let channel = channel().await;
    for number in 0..OF_EACH {
        for chat in 0..CHATS {
            channel.deliver(&format!("{chat}-{number}"), &format!("c{chat}")).await;
        }
    }
    // The first takes its part and stops in the middle, with claims in hand that end soon.
    let mut sent = Sent::new();
    while sent.len() < 70 {
        for delivery in channel.claim("gw-1", 7).await {
            send(&channel, &delivery, &mut sent).await;
        }
    }
    let left = channel.claim_with(json!({ "claimedBy": "gw-1", "max": 5, "ttlMs": 1, "waitMs": 5000 })).await;
    assert_eq!(left.len(), 5);

    let mut other = Sent::new();
    let (mut third, all) = (Sent::new(), CHATS * OF_EACH);
    while sent.len() + other.len() + third.len() < all {
        let (one, two) = tokio::join!(
            channel.claim_with(json!({ "claimedBy": "gw-2", "max": 6, "waitMs": 200 })),
            channel.claim_with(json!({ "claimedBy": "gw-3", "max": 6 }))
        );
        for delivery in &one {
            send(&channel, delivery, &mut other).await;
        }
        for delivery in &two {
            send(&channel, delivery, &mut third).await;
        }
    }
    for late in &left {
        let answer = channel.settle(late, "sent").await;
        assert_eq!(answer.body["code"], json!("channels.claim_lost"), "what the first left was sent by others: {answer:?}");
    }

    let mut numbers: HashMap<String, Vec<usize>> = HashMap::new();
    let rows = channel.server.rows("select delivery_id, status, attempts from channel_deliveries order by updated_at, number").await;
    assert_eq!(rows.len(), all);
    for row in rows {
        assert_eq!(row["status"], json!("sent"), "{row}");
        let (chat, number) = name(&row["delivery_id"]);
        numbers.entry(chat).or_default().push(number);
    }
    assert!(numbers.values().all(|numbers| *numbers == (0..OF_EACH).collect::<Vec<_>>()), "each chat in its order: {numbers:?}");
}

async fn send(channel: &Channel, delivery: &Value, sent: &mut Sent) {
    channel.settle(delivery, "sent").await.expect(StatusCode::OK, "");
    sent.push(name(&delivery["deliveryId"]));
}

fn name(id: &Value) -> (String, usize) {
    let id = text(id);
    let (chat, number) = id.split_once('-').expect("chat and number");
    (chat.to_owned(), number.parse().expect("a number"))
}
