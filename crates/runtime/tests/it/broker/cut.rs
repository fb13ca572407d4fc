//! Traffic that stops the moment it may not go on.

use super::{Behaviour, HELLO, Stage, call, grant, hello, turn};
use crate::house::{brisk, failure, finish, house, next, org, willing};
use cowork_domain::{policy::ManagedPolicy, runtime_event::RuntimeEvent};
use cowork_runtime::{
    Runtime as _,
    broker::{Grant, KeySourceError, LeaseEnd},
};
use futures_util::FutureExt as _;

#[tokio::test]
async fn an_answer_ends_with_its_lease() {
    let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
    let lease = stage.broker.grant(grant());
    let mut answer = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    answer.chunk().await.expect("streams").expect("has more");
    drop(lease);
    while let Ok(Some(_)) = answer.chunk().await {}
    stage.double.traffic(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_keeps_nothing_open() {
    let stage = Stage::new("openai-compatible", Behaviour::Flood).await;
    let lease = stage.broker.grant(grant());
    let unread = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    stage.double.stalled().await;
    stage.keys.disable(&org(), &house());
    assert_eq!(lease.ended().await, LeaseEnd::KeyDisabled);
    stage.double.traffic(|traffic| traffic.open == 0).await;
    drop(unread);
}

#[tokio::test]
async fn disabling_a_key_stops_fifty_turns_and_says_so() {
    let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
    let runtime = stage.runtime(brisk());
    let mut turns: Vec<_> = (0..50).map(|_| runtime.start(turn("talk without an end"))).collect();
    for turn in &mut turns {
        assert!(matches!(next(turn).await, Some(RuntimeEvent::Text { .. })));
    }
    assert_eq!(stage.double.traffic(|traffic| traffic.open == 50).await.begun, 50);
    stage.keys.disable(&org(), &house());
    for turn in turns {
        let events = finish(turn, willing).await;
        assert_eq!(failure(&events), "byok.key_disabled");
    }
    assert_eq!(stage.double.traffic(|traffic| traffic.open == 0).await.begun, 50, "nobody tried again");
    assert_eq!(failure(&finish(runtime.start(turn("once more")), willing).await), "byok.key_missing");
}

#[tokio::test]
async fn whatever_takes_the_right_away_is_named() {
    for (trouble, end, code) in [
        (KeySourceError::OrgStopped, LeaseEnd::OrgStopped, "org.not_active"),
        (KeySourceError::ProviderDisabled, LeaseEnd::ProviderDisabled, "byok.provider_disabled"),
        (KeySourceError::Unavailable("gone".into()), LeaseEnd::KeysUnavailable, "byok.keys_unavailable"),
    ] {
        let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
        let runtime = stage.runtime(brisk());
        let lease = stage.broker.grant(grant());
        let mut running = runtime.start(turn("talk"));
        assert!(matches!(next(&mut running).await, Some(RuntimeEvent::Text { .. })));
        *stage.keys.trouble.lock() = Some(trouble);
        stage.keys.changed(None);
        assert_eq!(lease.ended().await, end);
        assert_eq!(failure(&finish(running, willing).await), code);
        stage.double.traffic(|traffic| traffic.open == 0).await;
    }
}

#[tokio::test]
async fn excluding_a_model_stops_its_turns_and_the_next_one_takes_over() {
    let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
    let runtime = stage.runtime(brisk());
    let mut running = runtime.start(turn("talk"));
    assert!(matches!(next(&mut running).await, Some(RuntimeEvent::Text { .. })));
    let other = stage.broker.grant(Grant { model: "model-b".to_owned(), ..grant() });
    stage.keys.allow(ManagedPolicy { denied_models: vec!["model-a".to_owned()], ..ManagedPolicy::default() });
    stage.keys.changed(Some(&org()));
    assert_eq!(failure(&finish(running, willing).await), "byok.model_not_allowed");
    let mut further = runtime.start(turn("talk on"));
    assert!(matches!(next(&mut further).await, Some(RuntimeEvent::Text { .. })), "by model-b");
    assert_eq!(other.ended().now_or_never(), None, "what isn't excluded goes on");
}

#[tokio::test]
async fn an_aborted_turn_and_a_stopped_broker_leave_no_traffic() {
    let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
    let runtime = stage.runtime(brisk());
    let (mut aborted, mut stopped) = (runtime.start(turn("talk")), runtime.start(turn("talk")));
    next(&mut aborted).await;
    next(&mut stopped).await;
    drop(aborted);
    stage.double.traffic(|traffic| traffic.open == 1).await;
    stage.broker.stop();
    assert_eq!(failure(&finish(stopped, willing).await), "node.draining");
    stage.double.traffic(|traffic| traffic.open == 0).await;
}

#[tokio::test]
async fn a_source_of_keys_that_is_away_for_a_moment_fails_no_prompt() {
    let stage = Stage::new("openai-compatible", Behaviour::Streams(vec![HELLO])).await;
    let runtime = stage.runtime(brisk());
    *stage.keys.trouble.lock() = Some(KeySourceError::Unavailable("moving house".into()));
    let running = runtime.start(turn("hello"));
    // It was asked in vain before it comes back.
    let mut asked = stage.keys.asked.subscribe();
    asked.wait_for(|asked| *asked >= 2).await.expect("the source is there");
    *stage.keys.trouble.lock() = None;
    assert_eq!(finish(running, willing).await.last(), Some(&RuntimeEvent::Finished));
}
