//! Turns that go wrong.

use crate::house::{House, brisk, broker, failure, finish, house, next, org, retries, runtime, table, tool_ends, willing};
use cowork_domain::runtime_event::RuntimeEvent;
use cowork_runtime::{Runtime as _, TurnLimits, TurnRequest};
use std::{sync::atomic::Ordering, time::Duration};

#[tokio::test]
async fn a_refused_key_fails_at_once_and_is_not_quoted() {
    for status in [401, 403] {
        let house = House::new().await;
        let events = house.run(&format!("[[err:{status}]]")).await;
        assert_eq!((failure(&events), events.len()), ("runtime.provider_unauthorized", 1));
    }
    let house = House::with(brisk(), Some("another-key")).await;
    let events = house.run("hello").await;
    assert_eq!(failure(&events), "runtime.provider_unauthorized");
    assert!(!format!("{events:?}").contains("right-key"));
}

#[tokio::test]
async fn the_configured_key_arrives() {
    let house = House::with(brisk(), Some("right-key")).await;
    assert_eq!(house.run("[[text:1]]").await.last(), Some(&RuntimeEvent::Finished));
    let line = &house.log()[0];
    assert_eq!((line["authorization"].as_str(), line["path"].as_str()), (Some("Bearer right-key"), Some("/v1/chat/completions")));
    assert_eq!(line["directives"], serde_json::json!(["text"]));
}

#[tokio::test]
async fn an_overloaded_provider_is_tried_a_bounded_number_of_times() {
    for (status, code) in [(429, "runtime.provider_rate_limited"), (500, "runtime.provider_error"), (503, "runtime.provider_error")] {
        let house = House::new().await;
        let events = house.run(&format!("[[err:{status}]]")).await;
        assert_eq!((failure(&events), retries(&events)), (code, vec![2, 3, 4]));
    }
}

#[tokio::test]
async fn a_wrong_request_is_not_repeated() {
    let house = House::new().await;
    let events = house.run("[[err:400]]").await;
    assert_eq!((failure(&events), events.len()), ("runtime.provider_error", 1));
    let Some(RuntimeEvent::Failed { message, .. }) = events.last() else { panic!("failed") };
    assert!(message.ends_with("this is the failure that the message asked for"), "{message}");
}

#[tokio::test]
async fn a_silent_provider_meets_the_deadline() {
    let house = House::with(TurnLimits { silence: Duration::from_millis(50), ..brisk() }, None).await;
    let events = house.run("[[hang]]").await;
    assert_eq!((failure(&events), retries(&events)), ("runtime.deadline_exceeded", vec![]));
    let events = house.run("[[slow:600000]] two words").await;
    assert_eq!(failure(&events), "runtime.deadline_exceeded", "silence in the middle counts too");
}

#[tokio::test]
async fn a_turn_has_a_deadline_that_does_not_count_the_person() {
    let house = House::with(TurnLimits { turn: Duration::from_secs(1), ..brisk() }, None).await;
    let events = house.run("[[slow:50]][[text:100000]]").await;
    assert_eq!(failure(&events), "runtime.deadline_exceeded");

    let mut turn = house.start("[[question:Which?]]");
    let asked = loop {
        if let Some(RuntimeEvent::QuestionAsked { id, .. }) = next(&mut turn).await {
            break id;
        }
    };
    let overslept = tokio::time::timeout(Duration::from_millis(1200), turn.events.recv()).await;
    assert!(overslept.is_err(), "the turn waits for the person: {overslept:?}");
    assert!(turn.answers.answer(cowork_domain::runtime_event::Answer::Question { id: asked, answers: vec!["later".into()] }));
    assert_eq!(finish(turn, willing).await.last(), Some(&RuntimeEvent::Finished));
}

#[tokio::test]
async fn an_unreachable_provider_is_named_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let (at_home, folder) = (House::with(brisk(), Some("right-key")).await, tempfile::tempdir().expect("a temporary folder"));
    let broker = broker(table(&format!("http://{address}/v1")), &at_home.keys, brisk().silence).await;
    let lost = runtime(&broker, folder.path().into(), brisk());
    let events = finish(lost.start(at_home.request("hello")), willing).await;
    assert_eq!((failure(&events), retries(&events)), ("runtime.provider_unreachable", vec![2, 3, 4]));
}

#[tokio::test]
async fn a_model_that_nobody_may_use_is_named_as_such() {
    let at_home = House::new().await;
    let named =
        |at_home: &House, model: &str| at_home.runtime.start(TurnRequest { model: Some(model.to_owned()), ..at_home.request("hello") });
    for (model, code) in [("anthropic/claude", "byok.key_missing"), ("zzz/model", "byok.unsupported_provider")] {
        assert_eq!(failure(&finish(named(&at_home, model), willing).await), code);
    }
    for model in ["demo/any-model", "any-model", "demo/"] {
        assert_eq!(finish(named(&at_home, model), willing).await.last(), Some(&RuntimeEvent::Finished), "{model}");
    }
    let keyed = House::with(brisk(), Some("right-key")).await;
    assert_eq!(finish(named(&keyed, "house/other"), willing).await.last(), Some(&RuntimeEvent::Finished));
    assert_eq!(failure(&finish(named(&keyed, "house/third"), willing).await), "byok.model_not_allowed");
    keyed.keys.disable(&org(), &house());
    assert_eq!(failure(&finish(keyed.start("hello"), willing).await), "byok.key_missing");
}

#[tokio::test]
async fn rounds_are_bounded() {
    let house = House::with(TurnLimits { rounds: 5, ..brisk() }, None).await;
    let events = house.run("[[loop:4]] done").await;
    assert_eq!((tool_ends(&events).len(), events.last()), (4, Some(&RuntimeEvent::Finished)));
    let events = house.run("[[loop:5]] done").await;
    assert_eq!((tool_ends(&events).len(), failure(&events)), (5, "runtime.rounds_exhausted"));
}

#[tokio::test]
async fn what_breaks_inside_ends_its_own_turn_with_a_code() {
    let house = House::with(brisk(), Some("right-key")).await;
    house.keys.is_broken.store(true, Ordering::SeqCst);
    let events = house.run("hello").await;
    assert_eq!((failure(&events), events.len()), ("runtime.failed", 1));
    house.keys.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(house.run("hello").await.last(), Some(&RuntimeEvent::Finished));
}
