//! `GET /api/sessions/{id}/events`: framing, order, resumption (contract 00 §9).

use crate::{
    caller::{Caller, HEADER_MODE},
    event_stream::{EventStream, assert_dense},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn every_event_is_three_lines_and_later_subscribers_see_the_same_bytes() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut first = server.events(&session).await;
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-store, no-transform"),
        ("connection", "keep-alive"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(first.headers().get(name).and_then(|value| value.to_str().ok()), Some(value), "{name}");
    }
    server.prompt(&session, "line one\nline two\r\n\n[[slow:5]][[text:40]]").await;
    first.until_type("session.idle").await;
    assert_dense(first.records());

    let text = first.text();
    let mut frames = text.split_terminator("\n\n");
    assert_eq!(frames.next(), Some(": connected"));
    for (frame, sequence) in frames.filter(|frame| !frame.starts_with(": ")).zip(1..) {
        let lines: Vec<&str> = frame.split('\n').collect();
        let [id, event, data] = lines[..] else { panic!("not three lines: {frame:?}") };
        let record: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("one line of JSON");
        assert_eq!(id, format!("id: {sequence}"));
        assert_eq!(event, format!("event: {}", record["type"].as_str().expect("a type")));
        for field in ["tenantId", "sessionId", "eventId", "payload", "createdAt"] {
            assert!(!record[field].is_null(), "{field} is missing: {record}");
        }
        assert_eq!((&record["sequence"], &record["sessionId"]), (&json!(sequence), &json!(session)));
        assert!(record.get("userId").is_none() && record.get("projectionVersion").is_none(), "those are the workspace's: {record}");
    }
    for path in [format!("/api/sessions/{session}/events?after=0"), format!("/api/sessions/{session}/events")] {
        let mut later = server.stream(&path).await;
        later.until_type("session.idle").await;
        assert_eq!(later.text(), text);
    }
}

#[tokio::test]
async fn a_reader_resumes_after_its_cursor() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "hello").await;
    let log = server.log_of(&session).await;
    let last = log.len() as u64;
    let path = |query: &str| format!("/api/sessions/{session}/events{query}");
    let open =
        |query: &str, resumed: &'static str| EventStream::open(server.request(Method::GET, &path(query)).header("last-event-id", resumed));
    // The query wins if it says something; what can't be read counts as 0.
    for (query, resumed, after) in
        [("?after=2", "", 2), ("", "3", 3), ("?after=0", "3", 3), ("?after=-1", "2", 2), ("?after=1.5", "x", 0), ("?after=4", "1", 4)]
    {
        let mut stream = open(query, resumed).await;
        let records = stream.until(|records| records.last().is_some_and(|record| record["sequence"] == last)).await;
        assert_eq!(records, &log[after..], "{query} {resumed}");
    }
    // Beyond the end there is nothing to say until there is; what comes then is not skipped silently but has its own number.
    let mut beyond = open(&format!("?after={}", last + 1), "").await;
    let mut current = open(&format!("?after={last}"), "").await;
    server.run(&session, "more").await;
    let whole = server.log_of(&session).await;
    let end = whole.len() as u64;
    let reached = |records: &[Value]| records.last().is_some_and(|record| record["sequence"] == end);
    assert_eq!(current.until(reached).await, &whole[log.len()..]);
    assert_eq!(beyond.until(reached).await, &whole[log.len() + 1..]);
}

#[tokio::test]
async fn strangers_see_no_stream_and_nobody_sees_one_that_is_not_there() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee) = (Caller::new("acme", "kim", "member"), Caller::new("acme", "lee", "owner"));
    let session = session_id(&server.ask(&kim, Method::POST, "/api/sessions", Some(json!({}))).await);
    let path = format!("/api/sessions/{session}/events");
    EventStream::open(server.request(Method::GET, &path).headers(kim.headers())).await.until_type("session.created").await;
    for (caller, path) in [(&lee, path.as_str()), (&kim, "/api/sessions/nonsense/events")] {
        let refused = server.ask(caller, Method::GET, path, None).await;
        let refused = refused.expect(StatusCode::NOT_FOUND, "Cloud session was not found.");
        assert_eq!(refused.header("content-type"), "application/json; charset=utf-8", "refused before it becomes a stream");
    }
}

#[tokio::test]
async fn an_idle_stream_is_kept_alive_and_events_come_in_between() {
    let server = Server::with(&[("SSE_POLL_INTERVAL_MS", "100")]).await;
    let session = server.session().await;
    let mut stream = server.events(&session).await;
    let comments = |text: &str| text.matches(": keep-alive\n\n").count();
    stream.until_text(|text| comments(text) >= 3).await;
    server.run(&session, "hello").await;
    stream.until_type("session.idle").await;
    let so_far = comments(stream.text());
    stream.until_text(|text| comments(text) >= so_far + 2).await;
    assert_dense(stream.records());
}

#[tokio::test]
async fn a_reader_misses_nothing_over_a_crash() {
    let mut server = Server::start().await;
    let session = server.session().await;
    let mut before = server.events(&session).await;
    server.prompt(&session, "[[slow:5]][[text:100000]]").await;
    before.until(|records| records.len() >= 8).await;
    server.kill();
    let mut seen = before.records().to_vec();
    server.start_again();
    server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    let after =
        server.stream(&format!("/api/sessions/{session}/events?after={}", seen.len())).await.until_type_and_all("session.aborted").await;
    seen.extend(after);
    assert_dense(&seen);
    assert_eq!(seen, server.log_of(&session).await[..seen.len()]);
}
