//! Quotas (contract 03 §3): the refusal, its code, and when to come back.

use crate::{
    answer::{Answer, is_settled, said},
    server::Server,
};
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

fn assert_refused(answer: &Answer, code: &str, message: &str) -> u64 {
    assert_eq!((answer.status, answer.policy_code(), answer.error()), (StatusCode::TOO_MANY_REQUESTS, code, message), "{answer:?}");
    assert_eq!((&answer.body["verdict"]["allowed"], &answer.body["verdict"]["reason"]), (&json!(false), &json!(message)));
    let wait = answer.body["retryAfterMs"].as_u64().expect("it says when to come back");
    assert!(wait > 0);
    assert_eq!(answer.header("retry-after"), wait.div_ceil(1000).max(1).to_string());
    wait
}

#[tokio::test]
async fn as_many_sessions_work_at_once_as_may() {
    let server = Server::with(&[("MAX_CONCURRENT_SESSIONS_PER_ORG", "2")]).await;
    let sessions = [server.session().await, server.session().await, server.session().await];
    server.prompt(&sessions[0], "[[hang]]").await;
    server.prompt(&sessions[1], "[[hang]]").await;
    let (code, message) = ("quota.concurrent_sessions_exceeded", "Concurrent cloud session quota exceeded.");
    let third = server.post(&format!("/api/sessions/{}/prompt", sessions[2]), json!({ "text": "x" })).await;
    assert_eq!(assert_refused(&third, code, message), 60_000);
    assert_refused(&server.post("/api/sessions", json!({})).await, code, message);
    let import = json!({ "source": { "kind": "local-session", "fingerprint": "f", "title": "t" } });
    assert_refused(&server.post("/api/import/sessions", import).await, code, message);
    assert_eq!(server.view(&sessions[2]).await["projection"]["sequence"], 1, "what was refused left no trace");

    server.post(&format!("/api/sessions/{}/abort", sessions[0]), json!({})).await;
    server.until(&sessions[0], is_settled).await;
    let view = server.run(&sessions[2], "there is room now").await;
    assert_eq!(said(&view, "user"), ["there is room now"]);
}

#[tokio::test]
async fn a_queue_takes_as_many_prompts_as_may_wait() {
    let server = Server::with(&[("MAX_QUEUED_COMMANDS_PER_ORG", "3")]).await;
    let session = server.session().await;
    server.prompt(&session, "[[hang]]").await;
    let path = format!("/api/sessions/{session}/prompt");
    let sent = join_all((0..10).map(|number| server.post(&path, json!({ "text": format!("p{number}") })))).await;
    let (accepted, refused): (Vec<&Answer>, Vec<&Answer>) = sent.iter().partition(|answer| answer.status == StatusCode::ACCEPTED);
    assert_eq!((accepted.len(), refused.len()), (3, 7), "never one more, however they race (invariant I10)");
    for answer in refused {
        assert_refused(answer, "quota.queued_commands_exceeded", "Cloud command queue is full.");
    }
    let abort = server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!(abort.status, StatusCode::ACCEPTED, "a full queue keeps nobody from stopping");
    let view = server.until(&session, |view| is_settled(view) && said(view, "assistant").len() == 3).await;
    assert_eq!(said(&view, "user").len(), 4);
}

#[tokio::test]
async fn an_hour_has_as_many_prompts_as_may_be_also_after_a_restart() {
    let mut server = Server::with(&[("MAX_PROMPTS_PER_HOUR", "3")]).await;
    let session = server.session().await;
    let path = format!("/api/sessions/{session}/prompt");
    let blank = server.post(&path, json!({ "text": "" })).await;
    assert_eq!(blank.status, StatusCode::BAD_REQUEST);
    for number in 0..3 {
        server.run(&session, &format!("p{number}")).await;
    }
    let (code, message) = ("quota.prompts_per_hour_exceeded", "Cloud prompt quota exceeded.");
    let wait = assert_refused(&server.post(&path, json!({ "text": "x" })).await, code, message);
    assert!(wait <= 3_600_000, "the rest of the hour, not {wait} ms");
    server.kill();
    server.start_again();
    // At the turn of an hour the count begins anew, whatever happened before.
    let after = server.post(&path, json!({ "text": "x" })).await;
    let next_hour = after.status == StatusCode::ACCEPTED && wait < 60_000;
    assert!(next_hour || after.policy_code() == code, "{after:?}");
}
