//! Text on its way to the user.

use crate::house::{House, answers, finish, next, retries, streamed, willing};
use cowork_domain::runtime_event::{RuntimeEvent, Tokens};
use cowork_runtime::{HistoryMessage, HistoryRole};

#[tokio::test]
async fn a_plain_prompt_is_echoed_with_few_events() {
    let house = House::new().await;
    let events = house.run("hello there, friend").await;
    let tokens = events.iter().find_map(tokens).expect("the demo model reports usage");
    assert_eq!(
        events,
        [
            RuntimeEvent::Text { message: "m1".into(), delta: "echo: ".into(), replace: false },
            RuntimeEvent::TextDone { message: "m1".into(), content: "echo: hello there, friend".into() },
            RuntimeEvent::Cost { cost: 0.0, tokens },
            RuntimeEvent::Finished,
        ]
    );
}

fn tokens(event: &RuntimeEvent) -> Option<Tokens> {
    if let RuntimeEvent::Cost { tokens, .. } = event { Some(*tokens) } else { None }
}

#[tokio::test]
async fn slow_text_arrives_in_order_and_in_pieces() {
    let house = House::new().await;
    let events = house.run("[[text:30]][[slow:10]]").await;
    let deltas: String =
        events.iter().filter_map(|event| if let RuntimeEvent::Text { delta, .. } = event { Some(delta.as_str()) } else { None }).collect();
    let full = answers(&events)[0];
    assert!(full.starts_with("w1 w2 w3 ") && full.ends_with(" w29 w30"), "{full}");
    assert!(full.starts_with(&deltas), "what was streamed is the beginning of the answer: {deltas}");
    assert!(deltas.len() > "w1 ".len(), "more than the first word was streamed: {deltas}");
}

#[tokio::test]
async fn long_text_is_complete() {
    let house = House::new().await;
    let events = house.run("[[text:20000]]").await;
    assert_eq!(answers(&events)[0].split(' ').count(), 20_000);
    assert!(events.len() < 2_000, "coalesced: {} events", events.len());
}

#[tokio::test]
async fn reasoning_never_reaches_the_text() {
    let house = House::new().await;
    let events = house.run("[[reason:a hidden thought]] hello").await;
    assert_eq!(answers(&events), ["echo: hello"]);
    assert!(!format!("{events:?}").contains("hidden"), "{events:?}");
}

#[tokio::test]
async fn the_cost_is_reported() {
    let house = House::new().await;
    let events = house.run("[[cost:0.25]] hello").await;
    let tokens = Tokens { input: 100, output: 10, ..Tokens::default() };
    assert!(events.contains(&RuntimeEvent::Cost { cost: 0.25, tokens }), "{events:?}");
}

#[tokio::test]
async fn a_dropped_connection_is_tried_again_and_the_text_replaced() {
    let house = House::new().await;
    let events = house.run("[[drop]][[text:6]]").await;
    assert_eq!(retries(&events), [2]);
    let retry = events.iter().position(|event| matches!(event, RuntimeEvent::Retrying { .. })).expect("there is one");
    let is_text = |event: &&RuntimeEvent| matches!(event, RuntimeEvent::Text { .. });
    assert!(events[..retry].iter().any(|event| is_text(&event)), "some text came before: {events:?}");
    let after = events[retry..].iter().find(is_text).expect("the text comes again");
    assert!(matches!(after, RuntimeEvent::Text { replace: true, .. }), "{after:?}");
    assert_eq!(streamed(&events, "m1"), "w1 w2 w3 w4 w5 w6");
    let log = house.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["turn"], log[1]["turn"], "both requests name the same turn");
}

#[tokio::test]
async fn history_is_sent_along() {
    let house = House::new().await;
    let message = |role, content: &str| HistoryMessage { role, content: content.to_owned() };
    let history = vec![
        message(HistoryRole::User, "[[err:500]] earlier"),
        message(HistoryRole::Assistant, "an earlier answer"),
        message(HistoryRole::Assistant, ""),
    ];
    let alone = house.run("now").await;
    let continued = house.run_after(history, "now").await;
    assert_eq!(answers(&continued), ["echo: now"], "only the last message steers");
    let input = |events: &[RuntimeEvent]| events.iter().find_map(tokens).expect("reported").input;
    assert_eq!(input(&continued), input(&alone) + 5);
}

#[tokio::test]
async fn dropping_a_turn_closes_the_call_of_the_provider() {
    let house = House::new().await;
    let mut turn = house.start("[[slow:600000]] many words to come");
    assert!(matches!(next(&mut turn).await, Some(RuntimeEvent::Text { .. })), "the answer began");
    let hanging = house.start("[[hang]]");
    house.requests(|count| count.begun == 2).await;
    drop(turn);
    house.requests(|count| count.ended == 1).await;
    drop(hanging);
    house.requests(|count| count.ended == 2).await;
    assert_eq!(answers(&finish(house.start("still there?"), willing).await), ["echo: still there?"]);
}
