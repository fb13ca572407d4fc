//! What passes through, and what it is counted as.

use super::{Behaviour, HELLO, KEY, Stage, call, grant, hello};
use crate::house::{house, org};
use cowork_domain::runtime_event::Tokens;

#[tokio::test]
async fn the_key_takes_the_tokens_place_and_the_answer_comes_back_as_it_is() {
    let stage = Stage::new("openai-compatible", Behaviour::Streams(vec![HELLO])).await;
    let mut lease = stage.broker.grant(grant());
    let mut usage = lease.usage().expect("there is one receiver");
    let answer = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-request-id"], "req-1");
    assert!(!answer.headers().contains_key("set-cookie"));
    assert_eq!(answer.text().await.expect("ends"), HELLO);

    let seen = &stage.double.seen()[0];
    assert_eq!(seen.path, "/v1/chat/completions");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}").as_str());
    assert_eq!(seen.headers["x-cowork-turn"], format!("{}.1", lease.grant().command).as_str());
    assert!(!seen.headers.contains_key("cookie"));
    assert_eq!((&seen.body["model"], &seen.body["stream_options"]["include_usage"]), (&"model-a".into(), &true.into()));
    assert!(!format!("{:?}", seen.headers).contains(lease.token()), "the token stays here");

    let counted = tokio::time::timeout(crate::house::PATIENCE, usage.recv()).await.expect("in time").expect("counted");
    assert_eq!(counted.tokens, Tokens { input: 100, output: 50, ..Tokens::default() });
    assert_eq!((counted.cost, counted.model.as_str()), (Some(0.002), "model-a"));
}

#[tokio::test]
async fn a_key_is_opened_once_while_turns_run_and_not_kept_longer() {
    let stage = Stage::new("openai-compatible", Behaviour::Streams(vec![HELLO])).await;
    let (first, second) = (stage.broker.grant(grant()), stage.broker.grant(grant()));
    for lease in [&first, &second, &first] {
        call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await.text().await.expect("ends");
    }
    assert_eq!(*stage.keys.opened.borrow(), 1);
    drop((first, second));
    let third = stage.broker.grant(grant());
    call(third.base_url(), third.token(), "chat/completions", &hello("model-a")).await.text().await.expect("ends");
    assert_eq!(*stage.keys.opened.borrow(), 2);
}

#[tokio::test]
async fn a_new_key_takes_the_old_ones_place_within_a_turn() {
    let stage = Stage::new("openai-compatible", Behaviour::Endless).await;
    let lease = stage.broker.grant(grant());
    let mut under_way = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    stage.keys.place(&org(), &house(), "sk-second-0123456789");
    // Whatever the change does, it has done when the next call gets the new key.
    loop {
        drop(call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await);
        if stage.double.seen().last().expect("seen").headers["authorization"] == "Bearer sk-second-0123456789" {
            break;
        }
    }
    for _ in 0..3 {
        under_way.chunk().await.expect("goes on").expect("has more");
    }
}
