//! Providers that hang, lie, redirect, fail, and quote keys.

use super::{Behaviour, Double, HELLO, KEY, Stage, call, grant, hello, turn};
use crate::house::{PATIENCE, brisk, failure, finish, house, willing};
use cowork_domain::{provider::ProviderEntry, secret::Secret};
use cowork_runtime::{
    Runtime as _, TurnLimits,
    broker::BrokerLimits,
    providers::{
        Outbound,
        probe::{ProbeLimits, ProbeOutcome, probe},
    },
};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn every_misbehaviour_has_its_code_and_none_gets_the_key_out() {
    let elsewhere = Double::start(Behaviour::Streams(vec![HELLO])).await;
    for (behaviour, code, requests, refusals) in [
        (Behaviour::Hang, "runtime.deadline_exceeded", 1, 0),
        (Behaviour::Redirect(format!("{}/v1/chat/completions", elsewhere.origin)), "runtime.provider_error", 1, 0),
        (Behaviour::Quote(500), "runtime.provider_error", 4, 0),
        (Behaviour::Quote(400), "runtime.provider_error", 1, 0),
        (Behaviour::Quote(401), "runtime.provider_unauthorized", 1, 1),
        (Behaviour::Quote(403), "runtime.provider_unauthorized", 1, 1),
        (Behaviour::Streams(vec!["data: lies\n\n"]), "runtime.provider_error", 1, 0),
    ] {
        // Patience is short where it is tried, and only there.
        let silence = if matches!(behaviour, Behaviour::Hang) { SHORT } else { PATIENCE };
        let limits = BrokerLimits { silence, ..BrokerLimits::default() };
        let stage = Stage::with("openai-compatible", behaviour, limits).await;
        let runtime = stage.runtime(TurnLimits { silence, ..brisk() });
        let events = finish(runtime.start(turn("hello")), willing).await;
        assert_eq!((failure(&events), stage.double.seen().len()), (code, requests), "{events:?}");
        assert_eq!(*stage.keys.refused.borrow(), refusals, "a refused key is reported: {events:?}");
        let shown = format!("{events:?}");
        assert!(!shown.contains(KEY) && !shown.contains("canary"), "{shown}");
    }
    assert!(elsewhere.seen().is_empty(), "a redirect is never followed");
}

#[tokio::test]
async fn clients_by_http_see_no_key_either() {
    let stage = Stage::new("openai-compatible", Behaviour::Quote(401)).await;
    let lease = stage.broker.grant(grant());
    let answer = call(lease.base_url(), lease.token(), "chat/completions", &hello("model-a")).await;
    assert_eq!(answer.status().as_u16(), 401);
    assert!(!answer.headers().contains_key("set-cookie"));
    let text = answer.text().await.expect("ends");
    assert!(text.contains("no luck with") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_probe_is_one_bounded_request() {
    let elsewhere = Double::start(Behaviour::Streams(vec!["{}"])).await;
    let outcome = async |kind, behaviour| {
        let time = if matches!(behaviour, Behaviour::Hang) { SHORT } else { PATIENCE };
        let stage = Stage::new(kind, behaviour).await;
        let limits = ProbeLimits { time, answer: 1000 };
        let entry: &ProviderEntry = stage.broker.table().get(&house()).expect("it is configured");
        let outcome = probe(&Outbound::default(), entry, &Secret::new(KEY.to_owned()), limits).await;
        let seen = stage.double.seen();
        assert_eq!(seen.len(), 1, "{outcome:?}");
        assert_eq!(seen[0].path, "/v1/models");
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        (outcome, seen[0].headers.clone())
    };
    let unreachable = |outcome: &ProbeOutcome| match outcome {
        ProbeOutcome::Unreachable { retryable, .. } => Some(*retryable),
        _ => None,
    };
    let (good, headers) = outcome("anthropic", Behaviour::Streams(vec![r#"{"data":[]}"#])).await;
    assert_eq!(good, ProbeOutcome::Valid);
    assert_eq!(
        (&headers["x-api-key"], &headers["anthropic-version"]),
        (&KEY.parse().expect("a value"), &"2023-06-01".parse().expect("a value"))
    );
    let (_, headers) = outcome("azure-openai", Behaviour::Streams(vec!["{}"])).await;
    assert_eq!(headers["api-key"], KEY);
    let (refused, _) = outcome("openai-compatible", Behaviour::Quote(401)).await;
    assert!(matches!(refused, ProbeOutcome::Invalid { .. }));
    assert_eq!(unreachable(&outcome("openai-compatible", Behaviour::Hang).await.0), Some(true));
    assert_eq!(unreachable(&outcome("openai-compatible", Behaviour::Endless).await.0), Some(false));
    assert_eq!(unreachable(&outcome("openai-compatible", Behaviour::Quote(500)).await.0), Some(true));
    assert_eq!(unreachable(&outcome("openai-compatible", Behaviour::Redirect(elsewhere.origin.clone())).await.0), Some(false));
    assert_eq!(unreachable(&outcome("openai-compatible", Behaviour::Streams(vec!["<html>"])).await.0), Some(false));
    assert!(elsewhere.seen().is_empty());
}
