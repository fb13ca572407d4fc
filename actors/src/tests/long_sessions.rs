//! Sessions that are long: folded and drawn beside the threads that serve everybody, and as right as short ones.

use super::world::{World, answer, eventually, is_idle};
use crate::NodeOptions;
use cowork_domain::ids::SessionId;
use futures_util::FutureExt as _;
use serde_json::Value;
use std::{pin::pin, time::Duration};

/// As long as a novel.
fn long_prompt() -> String {
    format!("say {}", "word ".repeat(80_000))
}

/// While no thread is left for long sessions, short ones are begun, prompted and read; the long one is read after that.
async fn is_read_beside_others(world: &World, long: SessionId) -> Value {
    let taken = world.node.shared.heavy.take_all().await;
    let mut reading = pin!(world.view(long));
    assert!(reading.as_mut().now_or_never().is_none());
    let short = world.session().await;
    world.prompt(short, "say hi").await;
    world.until(short, |view| is_idle(view) && answer(view) == "say: hi").await;
    assert!(reading.as_mut().now_or_never().is_none(), "a runtime thread drew a long session");
    drop(taken);
    reading.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_session_holds_nobody_up_alive_or_not() {
    let world = World::new().await;
    let long = world.session().await;
    world.prompt(long, &long_prompt()).await;
    let before = world.until(long, is_idle).await;
    assert!(before.to_string().len() > 800_000);
    assert_eq!(is_read_beside_others(&world, long).await, before, "drawn by its actor");
    let world = world.restarted().await;
    assert_eq!(is_read_beside_others(&world, long).await, before, "folded without one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_session_is_the_same_from_its_snapshot_from_its_log_and_in_its_next_life() {
    let world = World::with(NodeOptions { passivate_after: Duration::from_millis(1), ..NodeOptions::default() }).await;
    let long = world.session().await;
    world.prompt(long, &long_prompt()).await;
    let before = world.until(long, is_idle).await;
    eventually("no snapshot is written", || async { world.store.snapshot_position(long).await.expect("readable") }).await;
    eventually("the session is never passivated", || async { (world.supervision().await["kinds"][1]["alive"] == 0).then_some(()) }).await;
    assert_eq!(world.view(long).await, before, "snapshot and tail");
    world.node.projection_repair(&world.me, long).await.expect("the log can be folded again");
    assert_eq!(world.view(long).await, before, "the whole log");
    let answered = world.prompt(long, "say more").await;
    assert!(answered.view.contains("word word") && answered.view.len() > 800_000, "the whole session comes with the answer");
    world.until(long, |view| is_idle(view) && answer(view) == "say: more").await;
    let world = world.restarted().await;
    world.until(long, |view| answer(view) == "say: more" && view.to_string().len() > 800_000).await;
}
