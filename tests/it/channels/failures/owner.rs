//! The node that owns a binding dies.

use super::{
    NODES, Pair,
    chat::{Chat, Obstacle},
    gateway::{Orders, Process, Way},
    other,
};
use nix::sys::signal::Signal;

const CHATS: usize = 10;
const OF_EACH: usize = 10;

/// Whoever asks the other node goes on there; gateways that talked to the dead one turn to it.
#[tokio::test]
async fn claims_go_on_when_the_owner_of_their_binding_is_killed() {
    let pair = Pair::start().await;
    pair.deliver(CHATS, OF_EACH).await;
    let chat = Chat::start(Obstacle::None).await;
    let gateways = NODES.map(|node| {
        let clouds = [node, other(node)].map(|node| pair.cluster[node].url.clone()).into();
        let (token, chat) = (pair.token.clone(), chat.url.clone());
        Process::start(&Orders { name: format!("gw-{node}"), clouds, token, chat, ttl_ms: 8_000, way: Way::Pull })
    });
    chat.until_sent(CHATS * OF_EACH / 3).await;
    pair.cluster[pair.owner().await].signal(Signal::SIGKILL);
    pair.until_all_sent(CHATS * OF_EACH).await;

    let doubles = chat.assert_in_order(CHATS, OF_EACH as u64);
    assert!(doubles.is_empty(), "no gateway died, and each knew what it had sent: {doubles:#?}");
    drop(gateways);
}
