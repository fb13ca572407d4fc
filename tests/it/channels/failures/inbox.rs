//! The node that owns a binding dies with a message of its inbox in hand.

use super::{Pair, other};
use crate::{
    answer::said,
    channels::inbox::{NOT_FURTHER, accepted, conversation, message, settled},
    program::GLANCE,
    server::PATIENCE,
};
use nix::sys::signal::Signal;
use std::time::Instant;

/// The prompt is made and the message doesn't know it yet: the next owner makes it again, and it is the same one.
#[tokio::test]
async fn a_message_whose_owner_is_killed_becomes_one_prompt_on_another_node() {
    let pair = Pair::start().await;
    let victim = pair.owner().await;
    let survivor = &pair.cluster[other(victim)];
    let obstacle = "create trigger not_further before update on channel_inbox for each row when (new.status = 'done') \
                    execute function not_further();";
    survivor.sql(&format!("{NOT_FURTHER} {obstacle}")).await;
    let id = accepted(survivor, &pair.token, message(&pair.binding, "m-1", "u-1", "once")).await;
    let deadline = Instant::now() + PATIENCE;
    while survivor.rows("select session from commands").await.is_empty() {
        assert!(Instant::now() < deadline, "the message never got as far as a prompt");
        tokio::time::sleep(GLANCE).await;
    }
    pair.cluster[victim].signal(Signal::SIGKILL);
    survivor.sql("drop trigger not_further on channel_inbox").await;

    let done = settled(survivor, &pair.token, &id).await;
    assert_eq!(done["status"], "done", "{done}");
    let view = conversation(survivor, &pair.owner, &done).await;
    assert_eq!((said(&view, "user"), said(&view, "assistant")), (vec!["once"], vec!["echo: once"]));
    assert_eq!(survivor.rows("select session from commands").await.len(), 1, "the message became more than one command");
}
