//! What is recorded of whom, and where nothing is.

use super::totals;
use crate::server::Server;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The newest event of a type.
fn event<'a>(events: &'a Value, event_type: &str) -> &'a Value {
    let events = events["events"].as_array().unwrap_or_else(|| panic!("no events: {events}"));
    events.iter().find(|event| event["eventType"] == event_type).unwrap_or_else(|| panic!("no {event_type}: {events:#?}"))
}

fn fields(event: &Value) -> Vec<&str> {
    let mut names: Vec<_> = event["metadata"].as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_prompt_and_an_abort_leave_the_rows_of_the_contract() {
    let server = Server::with(&[("NODE_ID", "the-worker")]).await;
    let session = server.session().await;
    server.run(&session, "hello").await;
    let events = server.get("/api/usage/events").await;
    assert_eq!(events.status, StatusCode::OK, "{events:?}");
    let shown: Vec<_> = events.body.as_object().expect("an object").keys().collect();
    assert_eq!(shown, ["events"]);
    let execution = ["commandId", "commandKind", "elapsedMs", "errorCode", "sessionId", "tenantId", "workerId"];
    let rows: [(&str, Value, Vec<&str>); 7] = [
        ("session.created", json!("local-user"), vec!["sessionId", "tenantId", "userId"]),
        ("prompt.enqueued", json!("local-user"), vec!["sessionId", "source", "tenantId"]),
        ("work.queued", json!("local-user"), vec!["commandId", "commandKind", "sessionId", "source", "tenantId"]),
        ("work.claimed", Value::Null, vec!["leaseTokenHash", "sessionId", "tenantId", "workerId"]),
        ("worker.execution_started", Value::Null, execution.to_vec()),
        ("worker.execution_completed", Value::Null, execution.to_vec()),
        ("worker.minute", Value::Null, vec!["elapsedMs", "sessionId", "tenantId", "workerId"]),
    ];
    for (event_type, account, metadata) in rows {
        let event = event(&events.body, event_type);
        assert_eq!((&event["accountId"], &event["quantity"], &event["orgId"]), (&account, &json!(1), &json!("default")), "{event}");
        assert_eq!(fields(event), metadata, "{event_type}");
        assert!(event["eventId"].as_str().is_some_and(|id| id.starts_with("usage_")), "{event}");
        assert!(!metadata.contains(&"workerId") || event["metadata"]["workerId"] == "the-worker", "{event}");
    }
    let started = event(&events.body, "worker.execution_started");
    assert_eq!((&started["metadata"]["elapsedMs"], &started["metadata"]["errorCode"]), (&Value::Null, &Value::Null));
    assert_eq!(event(&events.body, "worker.minute")["unit"], "minute");
    assert_eq!(event(&events.body, "work.claimed")["metadata"]["leaseTokenHash"], "[redacted]");

    server.prompt(&session, "[[hang]] on").await;
    let aborted = server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!(aborted.status, StatusCode::ACCEPTED, "{aborted:?}");
    let summary = server.get("/api/usage/summary").await.body;
    let expected = [
        ("prompt.enqueued", 2),
        ("session.created", 1),
        ("work.claimed", 2),
        ("work.queued", 2),
        // The abort is a command that a worker executed, too.
        ("worker.execution_completed", 2),
        ("worker.execution_failed", 1),
        ("worker.execution_started", 3),
        ("worker.minute", 3),
    ];
    assert_eq!(totals(&summary), BTreeMap::from(expected));
    assert_eq!(event(&summary, "worker.execution_failed")["metadata"]["errorCode"], "aborted");
    let types: Vec<_> = summary["totals"].as_array().expect("a list").iter().map(|total| total["eventType"].as_str()).collect();
    assert!(types.is_sorted(), "{types:?}");
}

#[tokio::test]
async fn where_the_policy_is_off_nothing_is_recorded() {
    let server = Server::with(&[("ABUSE_ENABLED", "false"), ("MAX_PROMPTS_PER_HOUR", "1")]).await;
    let session = server.session().await;
    server.run(&session, "one").await;
    server.run(&session, "two").await;
    let upload = json!({ "filename": "a.txt", "dataBase64": "aGVsbG8=" });
    let uploaded = server.post(&format!("/api/sessions/{session}/artifacts"), upload).await;
    let artifact = uploaded.body["artifact"]["artifactId"].as_str().unwrap_or_else(|| panic!("{uploaded:?}")).to_owned();
    assert_eq!(server.get(&format!("/api/sessions/{session}/artifacts/{artifact}")).await.status, StatusCode::OK);
    let summary = server.get("/api/usage/summary").await.body;
    assert_eq!((&summary["enabled"], &summary["events"], &summary["totals"]), (&json!(false), &json!([]), &json!([])));
    let enabled: Vec<_> = summary["quotas"].as_array().expect("a list").iter().map(|quota| quota["enabled"].clone()).collect();
    assert_eq!(json!(enabled), json!([false, false, false, false, false, false]));
}
