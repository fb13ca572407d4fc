//! Deaths of all kinds, and that nothing is lost or doubled by them.

use super::world::{World, answer, eventually, is_idle};
use crate::{
    NodeOptions,
    session::{SessionError, SessionMsg},
    supervise::{EntityKey, EntityRef, LiftOutcome, Mail},
};
use cowork_domain::{ids::SessionId, session::CommandKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_dies_is_a_visible_retry_and_nothing_else() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "lose 2").await;
    let view = world.until(session, is_idle).await;
    assert_eq!(answer(&view), "lose: 2", "the third attempt's answer replaces what was streamed before");
    let reasons: Vec<String> =
        world.log(session).await.iter().filter(|event| event.payload.contains("attempt")).map(|event| event.payload.to_string()).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("2 of 3")) && reasons.iter().any(|reason| reason.contains("3 of 3")),
        "{reasons:?}"
    );
    let session_restarts = &world.supervision().await["kinds"][1];
    assert_eq!((&session_restarts["kind"], &session_restarts["restarts"]), (&json!("session"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_never_survives_fails_after_three_attempts_and_the_next_one_runs() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "lose 99").await;
    world.prompt(session, "say next").await;
    let view = world.until(session, |view| is_idle(view) && answer(view) == "say: next").await;
    assert_eq!(view["projection"]["view"]["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.count(session, "runtime.error").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_keeps_panicking_is_quarantined_while_its_siblings_go_on() {
    let world = World::new().await;
    let (sick, sound) = (world.session().await, world.session().await);
    let key = EntityKey::Session(sick);
    let quarantined = || async { world.supervision().await["quarantined"].as_array().is_some_and(|list| !list.is_empty()).then_some(()) };
    eventually("the session is never quarantined", || async {
        if let Some(EntityRef::Session { actor, .. }) = world.node.shared.table.get(&key) {
            actor.cast(Mail::new(SessionMsg::Panic)).ok();
        }
        quarantined().await
    })
    .await;
    let refused = world.try_prompt(sick, world.node.clock().mint_command_id(), "say hi").await;
    assert_eq!(refused.err(), Some(SessionError::Quarantined { code: "actor.panicked".into() }));
    world.prompt(sound, "say hi").await;
    world.until(sound, |view| answer(view) == "say: hi").await;

    assert_eq!(world.node.lift_quarantine(&key.to_string()).await, Ok(LiftOutcome::Lifted));
    assert_eq!(world.node.lift_quarantine(&key.to_string()).await, Ok(LiftOutcome::NotQuarantined));
    world.prompt(sick, "say well again").await;
    world.until(sick, |view| answer(view) == "say: well again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_takes_requests_again_after_its_supervisor_died() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "say before").await;
    world.until(session, is_idle).await;
    for supervisor in &world.node.shared.shards {
        supervisor.kill();
    }
    world.prompt(session, "say after").await;
    world.until(session, |view| answer(view) == "say: after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_life_of_the_node_takes_up_what_the_old_one_left() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "wait").await;
    world.prompt(session, "say after").await;
    world.until(session, |view| answer(view) == "started").await;
    let world = world.restarted().await;
    // Nobody asks for the session: the work list brings it back.
    eventually("the interrupted prompt is not taken up", || async {
        let log = world.log(session).await;
        log.iter().any(|event| event.payload.contains("attempt 2 of 3")).then_some(())
    })
    .await;
    world.node.submit(&world.me, session, world.node.clock().mint_command_id(), CommandKind::Abort {}).await.expect("an abort is accepted");
    world.until(session, |view| is_idle(view) && answer(view) == "say: after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_stop_parks_the_turn_and_counts_no_attempt() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "wait").await;
    world.until(session, |view| answer(view) == "started").await;
    world.node.clone().stop(Duration::ZERO).await;
    let world = world.restarted().await;
    world.until(session, |view| view["session"]["status"] == "running" && answer(view) == "started").await;
    let log = world.log(session).await;
    assert!(!log.iter().any(|event| event.payload.contains("attempt 2")), "a planned move is no attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_person() {
    let world = World::new().await;
    let session = world.session().await;
    world.prompt(session, "ask").await;
    world.until(session, |view| answer(view) == "asked").await;
    let grace = Duration::from_secs(60 * 60);
    tokio::time::timeout(Duration::from_secs(20), world.node.clone().stop(grace)).await.expect("it stops long before its grace is over");
    let world = world.restarted().await;
    world.until(session, |view| view["session"]["status"] == "running" && answer(view) == "asked").await;
    assert!(!world.log(session).await.iter().any(|event| event.payload.contains("attempt 2")), "a planned move is no attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_node_gives_up_joins_again_and_loses_nothing() {
    let world = World::new().await;
    let session = world.session().await;
    let before = world.node.shared.ownership.now().expect("it owns");
    world.store.fence_node(before.node, before.incarnation).await.expect("it can be fenced");
    // The caller never notices: its request waits for the next incarnation.
    world.prompt(session, "say still here").await;
    world.until(session, |view| answer(view) == "say: still here").await;
    let after = world.node.shared.ownership.now().expect("it owns again");
    assert!(after.incarnation > before.incarnation);
    assert_eq!(world.count(session, "prompt.submitted").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_id_has_one_effect_however_often_it_is_sent() {
    let world = World::new().await;
    let session = world.session().await;
    let id = world.node.clock().mint_command_id();
    let (first, second) = tokio::join!(world.try_prompt(session, id, "say once"), world.try_prompt(session, id, "say once"));
    world.until(session, is_idle).await;
    let third = world.try_prompt(session, id, "say once").await.expect("accepted again");
    let (first, second) = (first.expect("accepted"), second.expect("accepted"));
    assert_eq!((&first.command, &second.command), (&third.command, &third.command));
    assert_eq!(world.count(session, "prompt.submitted").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_costs_nothing_and_comes_back_as_it_was() {
    let world = World::with(NodeOptions { passivate_after: Duration::from_millis(1), ..NodeOptions::default() }).await;
    let session = world.session().await;
    world.prompt(session, "say kept").await;
    world.until(session, is_idle).await;
    let before = world.view(session).await;
    eventually("the session is never passivated", || async { (world.supervision().await["kinds"][1]["alive"] == 0).then_some(()) }).await;
    eventually("no snapshot is written", || async { world.store.snapshot_position(session).await.expect("readable") }).await;
    assert_eq!(world.view(session).await, before, "read from the snapshot, without waking it up");
    world.prompt(session, "say again").await;
    world.until(session, |view| answer(view) == "say: again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_session_does_not_exist() {
    let world = World::new().await;
    let session: SessionId = world.session().await;
    let stranger = super::world::principal("acme", "sam");
    let kind = CommandKind::Abort {};
    let refused = world.node.submit(&stranger, session, world.node.clock().mint_command_id(), kind).await;
    assert_eq!(refused.err(), Some(SessionError::NotFound));
    assert!(world.node.subscribe_session(&stranger, session, cowork_domain::ids::Sequence::ZERO).await.is_err());
}
