//! One of two gateways dies.

use super::{
    NODES, Pair,
    chat::{Chat, Obstacle},
    gateway::{Orders, Process, Way},
};

const CHATS: usize = 20;
const OF_EACH: usize = 10;

/// The first gateway dies after the chat has a message and before it could say so: that one is sent again with the same key, and
/// nothing else is. Each of the two talks to a node of its own.
#[tokio::test]
async fn a_gateway_that_is_killed_among_200_deliveries_loses_and_disorders_nothing() {
    let pair = Pair::start().await;
    pair.deliver(CHATS, OF_EACH).await;
    let chat = Chat::start(Obstacle::Blow { victim: "gw-a", at: 50 }).await;
    let orders = |name: &str, node: &str, ttl_ms| Orders {
        name: name.to_owned(),
        clouds: vec![pair.cluster[node].url.clone()],
        token: pair.token.clone(),
        chat: chat.url.clone(),
        ttl_ms,
        way: Way::Pull,
    };
    // What the victim had in hand must not be long in coming.
    let mut victim = Process::start(&orders("gw-a", NODES[0], 6_000));
    let _survivor = Process::start(&orders("gw-b", NODES[1], 60_000));
    chat.until_struck().await;
    victim.kill();
    let attempts = pair.until_all_sent(CHATS * OF_EACH).await;

    let doubles = chat.assert_in_order(CHATS, OF_EACH as u64);
    let [times] = &doubles[..] else { panic!("one came again: {doubles:#?}") };
    let struck = chat.messages().into_iter().rfind(|message| message.gateway == "gw-a");
    assert_eq!(Some(&times[0]), struck.as_ref(), "nobody else knew that it was sent");
    assert!(times.windows(2).all(|pair| pair[0].attempt < pair[1].attempt), "each time is an attempt: {times:#?}");
    let row = attempts.iter().find(|row| row["delivery_id"] == *times[0].idempotency_key).expect("it is there");
    assert_eq!(row["attempts"], times.last().expect("at least two").attempt, "and whoever looks sees it");
}
