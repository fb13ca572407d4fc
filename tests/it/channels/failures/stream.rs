//! The node that serves a gateway's stream dies.

use super::{
    Pair,
    chat::{Chat, Obstacle},
    gateway::{Orders, Process, Way},
    other,
};
use nix::sys::signal::Signal;

const CHATS: usize = 10;
const OF_EACH: usize = 10;
const ALL: usize = CHATS * OF_EACH;
/// It dies while the gateway has this one in hand, and more of them on their way.
const AT: usize = ALL / 3;

#[tokio::test]
async fn a_stream_goes_on_at_another_node_when_its_own_is_killed() {
    let pair = Pair::start().await;
    let owner = pair.owner().await;
    kill_the_server_of_a_stream(&pair, other(owner)).await;
}

#[tokio::test]
async fn a_stream_goes_on_at_another_node_when_the_owner_of_its_binding_served_it() {
    let pair = Pair::start().await;
    let owner = pair.owner().await;
    kill_the_server_of_a_stream(&pair, owner).await;
}

/// What the dead node claimed and the gateway never got comes again when its claim is over, and holds nobody up but its own chat.
async fn kill_the_server_of_a_stream(pair: &Pair, victim: &str) {
    pair.deliver(CHATS, OF_EACH).await;
    let chat = Chat::start(Obstacle::Pause { at: AT }).await;
    let (dead, survivor) = (pair.cluster[victim].url.clone(), pair.cluster[other(victim)].url.clone());
    let gateway = Process::start(&Orders {
        name: "gw".to_owned(),
        clouds: vec![dead.clone(), survivor.clone()],
        token: pair.token.clone(),
        chat: chat.url.clone(),
        ttl_ms: 8_000,
        way: Way::Stream,
    });
    chat.until_sent(AT).await;
    pair.cluster[victim].signal(Signal::SIGKILL);
    chat.go_on();
    pair.until_all_sent(ALL).await;

    let doubles = chat.assert_in_order(CHATS, OF_EACH as u64);
    assert!(doubles.is_empty(), "no gateway died, and it knew what it had sent: {doubles:#?}");
    let messages = chat.messages();
    for message in &messages {
        assert_eq!(format!("c{}", message.idempotency_key), format!("{}-{}", message.chat, message.number));
    }
    let came_by = |node: &str| messages.iter().filter(|message| message.node == node).count();
    assert!(messages[..AT].iter().all(|message| message.node == dead), "the stream was open there: {messages:#?}");
    assert!(came_by(&survivor) > ALL / 2, "{} came by the other one", came_by(&survivor));
    drop(gateway);
}
