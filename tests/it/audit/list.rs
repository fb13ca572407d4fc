//! `GET /api/admin/audit`, and what stands in the log.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::{Server, session_id},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The event types, newest first.
fn types(body: &Value) -> Vec<&str> {
    body["events"].as_array().expect("a list").iter().map(|event| event["eventType"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn everything_that_people_do_to_a_session_is_in_the_log() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "hello").await;
    server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    let log = server.get("/api/admin/audit?targetType=session").await;
    assert_eq!((log.status, log.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(types(&log.body), ["command.aborted", "command.prompt", "session.created"]);
    let created = &log.body["events"][2];
    assert!(created["eventId"].as_str().is_some_and(|id| id.starts_with("audit_")), "{created}");
    assert_eq!((&created["targetType"], &created["targetId"]), (&json!("session"), &json!(session)));
    assert_eq!(created["metadata"], json!({ "profileName": "full", "hasProjectSource": false }));
    assert_eq!((&created["actorType"], &log.body["nextCursor"]), (&json!("user"), &Value::Null));
}

#[tokio::test]
async fn filters_narrow_and_a_cursor_belongs_to_its_list() {
    let server = Server::start().await;
    for _ in 0..5 {
        server.session().await;
    }
    let session = server.session().await;
    server.prompt(&session, "hello").await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/admin/audit?action=session.&limit=2&cursor={cursor}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let ids = page.body["events"].as_array().expect("a list").iter().map(|event| event["eventId"].to_string());
        seen.extend(ids);
        let Some(next) = page.body["nextCursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (6, 6));
    for elsewhere in ["/api/admin/audit?", "/api/admin/audit?action=command.&", "/api/admin/audit?action=session.&actorType=user&"] {
        let refused =
            server.get(&format!("{elsewhere}cursor={cursor}")).await.expect(StatusCode::BAD_REQUEST, "Audit list cursor is invalid.");
        assert_eq!(refused.policy_code(), "audit.cursor.invalid");
    }
    let count = async |query: &str| types(&server.get(&format!("/api/admin/audit?{query}")).await.body).len();
    assert_eq!(count(&format!("targetId={session}")).await, 2);
    assert_eq!(count("action=command.prompt&actorType=user&targetType=session").await, 1);
    assert_eq!(count("actorType=robot&from=yesterday&to=whenever").await, 9, "what can't be read doesn't filter");
    assert_eq!(count("from=2999-01-01").await, 0);
    assert_eq!(count("result=success").await, 0);
    server.get("/api/admin/audit?action=%00").await.expect(StatusCode::BAD_REQUEST, "Audit filters must not hold the character U+0000.");
}

#[tokio::test]
async fn a_log_is_read_by_the_admins_of_its_own_organisation_alone() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee, eve) = (Caller::new("acme", "kim", "owner"), Caller::new("acme", "lee", "member"), Caller::new("other", "eve", "owner"));
    for caller in [&kim, &lee, &eve] {
        let created = server.ask(caller, Method::POST, "/api/sessions", Some(json!({}))).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    }
    let log = server.ask(&kim, Method::GET, "/api/admin/audit?action=session.", None).await;
    let mut actors: Vec<_> = log.body["events"].as_array().expect("a list").iter().map(|event| event["actorId"].clone()).collect();
    actors.sort_by_key(Value::to_string);
    assert_eq!(actors, [json!("kim"), json!("lee")], "{log:?}");
    for path in ["/api/admin/audit", "/api/admin/audit/export"] {
        let refused = server.ask(&lee, Method::GET, path, None).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
    }
    let cursor = server.ask(&kim, Method::GET, "/api/admin/audit?limit=1", None).await.body["nextCursor"].clone();
    let path = format!("/api/admin/audit?cursor={}", cursor.as_str().expect("there are two rows"));
    server.ask(&eve, Method::GET, &path, None).await.expect(StatusCode::BAD_REQUEST, "Audit list cursor is invalid.");
}

#[tokio::test]
async fn refused_answers_and_failed_imports_leave_rows() {
    let server = Server::with(&[("ALLOW_REMOTE_APPROVALS", "false")]).await;
    let session = session_id(&server.post("/api/sessions", json!({})).await);
    let refusal = "Remote question and approval responses are disabled for this cloud profile.";
    let respond = |session: &str| format!("/api/sessions/{session}/permission-respond");
    server
        .post(&respond(&session), json!({ "response": true }))
        .await
        .expect(StatusCode::BAD_REQUEST, "Permission response requires permissionId.");
    server.post(&respond(&session), json!({ "permissionId": "per_1", "response": true })).await.expect(StatusCode::FORBIDDEN, refusal);
    server.post(&respond("nowhere"), json!({ "permissionId": "per_2", "response": true })).await.expect(StatusCode::FORBIDDEN, refusal);
    server
        .post(&format!("/api/sessions/{session}/question-reject"), json!({ "requestId": "que_1" }))
        .await
        .expect(StatusCode::FORBIDDEN, refusal);
    let denied = server.get("/api/admin/audit?action=cloud_interaction.remote_policy.denied").await;
    let of = |target: &str| {
        let events = denied.body["events"].as_array().expect("a list");
        events.iter().find(|event| event["metadata"]["targetId"] == target).unwrap_or_else(|| panic!("no {target}: {denied:?}"))
    };
    assert_eq!((&of("per_1")["targetId"], &of("per_2")["targetId"]), (&json!(session), &json!("unresolved")));
    assert_eq!(of("que_1")["metadata"]["interaction"], "question");
    assert_eq!(of("que_1")["metadata"]["policyReasonCode"], "cloud-remote-approval-disabled");

    let import = json!({ "source": { "kind": "local-session", "fingerprint": "fp", "title": "t" },
        "messages": [{ "role": "user", "content": "see /home/kim/notes" }] });
    assert_eq!(server.post("/api/import/sessions", import).await.status, StatusCode::BAD_REQUEST);
    let failed = server.get("/api/admin/audit?action=session_import.&result=failure").await;
    let mut names = types(&failed.body);
    names.sort_unstable();
    assert_eq!(names, ["session_import.failed", "session_import.requested"]);
    assert_eq!(failed.body["events"][0]["metadata"]["errorCode"], "import.unsafe_content");
}
