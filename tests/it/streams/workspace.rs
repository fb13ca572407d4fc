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
