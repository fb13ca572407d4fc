//! `GET /api/events`: all sessions of a user in one order (contract 01 §3 and §7).

use crate::{
    caller::{Caller, HEADER_MODE},
    event_stream::{EventStream, assert_dense, of_type},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn events_of_all_sessions_come_in_one_order() {
    let server = Server::start().await;
    let sessions = [server.session().await, server.session().await, server.session().await];
    let mut stream = server.stream("/api/events").await;
    for session in &sessions {
        server.prompt(session, "[[slow:2]][[artifact:a.txt|x]][[text:10]]").await;
    }
    stream.until(|records| of_type(records, "session.idle").count() == 3).await;
    let records = stream.records();
    assert_dense(records);
    for session in &sessions {
        let own = server.log_of(session).await;
        let shown: Vec<_> = records.iter().filter(|record| record["sessionId"] == **session).collect();
        assert_eq!(shown.len(), own.len(), "every event of a session once");
        for (shown, own) in shown.iter().zip(&own) {
            assert_eq!((&shown["type"], &shown["payload"], &shown["createdAt"]), (&own["type"], &own["payload"], &own["createdAt"]));
            assert_eq!(shown["projectionVersion"], own["sequence"], "it tells clients how far the session is");
            assert_eq!((&shown["tenantId"], &shown["userId"]), (&json!("default"), &json!("local-user")));
            let event_id = shown["eventId"].as_str().expect("an id");
            assert!(event_id.starts_with(&format!("{session}:")), "{event_id}");
            let (entity, operation) = match shown["type"].as_str().expect("a type") {
                "artifact.created" => ("artifact", "create"),
                "session.created" | "prompt.submitted" => ("session", "create"),
                _ => ("session", "update"),
            };
            assert_eq!((shown["entityType"].as_str(), shown["operation"].as_str()), (Some(entity), Some(operation)), "{shown}");
        }
    }
    let cursor = records.len() as u64 - 4;
    let mut resumed = server.stream(&format!("/api/events?after={cursor}")).await;
    assert_eq!(resumed.until(|records| records.len() >= 4).await, &records[records.len() - 4..]);
}

#[tokio::test]
async fn everybody_has_a_stream_of_their_own() {
    let server = Server::with(&HEADER_MODE).await;
    let callers = [Caller::new("acme", "kim", "member"), Caller::new("acme", "lee", "member"), Caller::new("globex", "kim", "member")];
    let mut sessions = Vec::new();
    for caller in &callers {
        sessions.push(session_id(&server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await));
    }
    for (caller, session) in callers.iter().zip(&sessions) {
        let path = format!("/api/sessions/{session}/prompt");
        assert_eq!(server.ask(caller, Method::POST, &path, Some(json!({ "text": "hello" }))).await.status, StatusCode::ACCEPTED);
        let mut stream = EventStream::open(server.request(Method::GET, "/api/events").headers(caller.headers())).await;
        stream.until_type("session.idle").await;
        assert!(stream.records().iter().all(|record| record["sessionId"] == **session), "{:#?}", stream.records());
        assert_dense(stream.records());
    }
}

#[tokio::test]
async fn whoever_begins_at_the_end_sees_what_comes_and_resumes_there() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "before").await;
    let last = server.log_of(&session).await.len() as u64;
    for path in ["/api/events".to_owned(), format!("/api/sessions/{session}/events")] {
        let mut stream = server.stream(&format!("{path}?after=latest")).await;
        let begun = format!(": connected\nid: {last}\n\n");
        assert_eq!(stream.until_text(|text| text.ends_with("\n\n")).await, begun, "a page that is cut off at once resumes from there");
        // Which is what it does with the address that it has, and the last id that it knows.
        let resumed = server.request(Method::GET, &format!("{path}?after=latest")).header("last-event-id", "1");
        let mut resumed = EventStream::open(resumed).await;
        assert_eq!(resumed.until(|records| records.len() as u64 >= last - 1).await[0]["sequence"], 2);
    }
    let mut stream = server.stream("/api/events?after=latest").await;
    server.prompt(&session, "after").await;
    assert_eq!(stream.until(|records| !records.is_empty()).await[0]["sequence"], last + 1);
}
