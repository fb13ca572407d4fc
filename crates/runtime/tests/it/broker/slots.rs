//! Tokens that outlive turns.

use super::{Behaviour, HELLO, Stage, call, grant, hello};
use cowork_domain::provider::Protocol;
use cowork_runtime::broker::{LeaseEnd, Slot};

#[tokio::test]
async fn a_slot_has_power_only_while_a_turn_holds_it() {
    let stage = Stage::new("openai", Behaviour::Streams(vec![HELLO])).await;
    let slot = stage.broker.slot(Protocol::OpenAiChat);
    let status = async |path: &str, model: &str| call(slot.base_url(), slot.token(), path, &hello(model)).await.status().as_u16();
    assert_eq!(status("chat/completions", Slot::MODEL).await, 401);

    let lease = stage.broker.bind(&slot, grant());
    assert_eq!((lease.token(), lease.base_url()), (slot.token(), slot.base_url()));
    assert_eq!(status("chat/completions", Slot::MODEL).await, 200);
    assert_eq!(status("chat/completions", "model-a").await, 200);
    assert_eq!(status("chat/completions", "model-b").await, 403);
    assert_eq!(status("responses", Slot::MODEL).await, 404, "the provider has it, the slot has not");
    assert!(stage.double.seen().iter().all(|seen| seen.body["model"] == "model-a"));

    let next = stage.broker.bind(&slot, grant());
    assert_eq!(lease.ended().await, LeaseEnd::TurnOver);
    drop(lease);
    assert_eq!(status("chat/completions", Slot::MODEL).await, 200, "the one before doesn't take the slot with it");
    drop(next);
    assert_eq!(status("chat/completions", Slot::MODEL).await, 401);
    let seen = stage.double.seen().len();
    let (base_url, token) = (slot.base_url().to_owned(), slot.token().to_owned());
    drop(slot);
    assert_eq!(call(&base_url, &token, "chat/completions", &hello(Slot::MODEL)).await.status().as_u16(), 401);
    assert_eq!(stage.double.seen().len(), seen);
}
