//! The client against a small server that speaks the contract's framing.

mod fake;

use cowork_client::{Client, ClientError, ClientOptions, Credentials, NewSession, SessionFilter, SignedHeaders, Timeouts};
use cowork_domain::{
    ids::{Sequence, SessionId},
    principal::Role,
};
use fake::{FakeCloud, Reply};
use serde_json::json;
use std::time::Duration;

const SESSION: &str = "ses_00000000000000000000000000000001";

fn session() -> SessionId {
    SESSION.parse().expect("valid")
}

fn client(cloud: &FakeCloud) -> Client {
    Client::new(ClientOptions::new(cloud.url(), Credentials::None)).expect("valid options")
}

fn record() -> serde_json::Value {
    json!({ "tenantId": "acme", "userId": "kim", "sessionId": SESSION, "opencodeSessionId": "", "profileName": "full", "status": "idle",
        "title": "New session", "createdAt": "2026-03-04T05:06:07.890Z", "updatedAt": "2026-03-04T05:06:07.890Z", "projectSource": null })
}

fn event(sequence: u64) -> String {
    format!("id: {sequence}\nevent: assistant.message\ndata: {{\"sequence\":{sequence}}}\n\n")
}

#[tokio::test]
async fn calls_are_typed_and_share_one_connection() {
    let cloud = FakeCloud::start(|request| match request.target.as_str() {
        "POST /api/sessions" => Reply::json(201, &json!({ "session": record(), "projection": null })),
        "GET /api/sessions?limit=2&status=idle&q=a%20b" => Reply::json(200, &json!({ "sessions": [record()], "nextCursor": "c", "totalEstimate": 3 })),
        "GET /readyz" => Reply::json(503, &json!({ "ok": false, "role": "all-in-one", "profileName": "full", "checks": [{ "name": "control_plane", "status": "error" }] })),
        "POST /api/ops/quarantine/session%3Ases_1/lift" => Reply::json(200, &json!({ "entity": "session:ses_1", "outcome": "lifted" })),
        other => Reply::json(404, &json!({ "error": format!("no {other}") })),
    })
    .await;
    let client = client(&cloud);

    let created = client.create_session(&NewSession::default()).await.expect("created");
    assert_eq!(created.session.session_id, session());

    let filter =
        SessionFilter { limit: Some(2), status: Some(created.session.status), text: Some("a b".into()), ..SessionFilter::default() };
    let page = client.list_sessions(&filter).await.expect("listed");
    assert_eq!((page.sessions.len(), page.next_cursor.as_deref(), page.total_estimate), (1, Some("c"), 3));

    let readiness = client.readyz().await.expect("not ready is an answer");
    assert!(!readiness.ok);
    assert_eq!(readiness.checks[0].status, "error");

    let lift = client.lift_quarantine("session:ses_1").await.expect("lifted");
    assert_eq!(lift.outcome, "lifted");

    assert_eq!(cloud.connections(), 1);
}

#[tokio::test]
async fn a_refusal_carries_status_code_and_delay() {
    let cloud = FakeCloud::start(|_| {
        Reply::json(429, &json!({ "error": "Cloud prompt quota exceeded.", "retryAfterMs": 1500, "verdict": { "policyCode": "quota.prompts_per_hour_exceeded" } }))
    })
    .await;
    let error = client(&cloud).submit_prompt(session(), "hi").await.expect_err("refused");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(429));
    assert_eq!(error.code(), Some("quota.prompts_per_hour_exceeded"));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
    assert!(error.is_transient());
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_says_why() {
    let cloud = FakeCloud::start(|_| Reply::json(200, &json!({}))).await;
    let client = client(&cloud);
    cloud.stop().await;
    let error = client.livez().await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("connect"), "{error}");
}

#[tokio::test]
async fn users_share_connections_but_not_identities() {
    let cloud = FakeCloud::start(|request| {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let signed =
            header("x-open-cowork-header-auth-signature").starts_with("v1=") && !header("x-open-cowork-header-auth-timestamp").is_empty();
        Reply::json(200, &json!({ "user": header("x-open-cowork-user-id"), "signed": signed }))
    })
    .await;
    let anonymous = client(&cloud);
    for user in ["kim", "lee"] {
        let claims = SignedHeaders {
            secret: "s3cret".into(),
            tenant: "acme".into(),
            tenant_name: "Acme".into(),
            user: user.into(),
            email: format!("{user}@acme.test"),
            role: Role::Member,
        };
        let client = anonymous.with_credentials(&Credentials::SignedHeaders(claims)).expect("valid");
        assert_eq!(client.supervision().await.expect("answered"), json!({ "user": user, "signed": true }));
    }
    assert_eq!(cloud.connections(), 1);
}

#[tokio::test]
async fn a_stream_gives_its_events_and_ends() {
    let cloud = FakeCloud::start(|request| {
        assert_eq!(request.target, format!("GET /api/sessions/{SESSION}/events?after=6"));
        Reply::stream([": connected\n\n".to_owned(), format!("{}{}", event(7), event(8))])
    })
    .await;
    let mut events = client(&cloud).session_events(session(), Sequence(6)).await.expect("opened");
    for expected in [7, 8] {
        let event = events.next_event().await.expect("an event").expect("no error");
        assert_eq!(event.sequence(), Some(Sequence(expected)));
        assert_eq!(event.json::<serde_json::Value>().expect("json"), json!({ "sequence": expected }));
    }
    assert!(events.next_event().await.is_none());
    assert_eq!(events.cursor(), Sequence(8));
}

#[tokio::test]
async fn a_stream_that_was_refused_is_an_error_before_it_starts() {
    let cloud = FakeCloud::start(|_| Reply::json(404, &json!({ "error": "Cloud session was not found." }))).await;
    let refused = client(&cloud).session_events(session(), Sequence::ZERO).await.err().expect("refused");
    assert_eq!(refused.to_string(), "404 Not Found: Cloud session was not found.");
}

#[tokio::test]
async fn reconnecting_resumes_by_cursor_and_ends_when_access_is_gone() {
    let cloud = FakeCloud::start(|request| match (request.number, request.target.as_str()) {
        (0, "GET /api/events") => Reply::stream([event(1), event(2)]),
        (1, "GET /api/events?after=2") => Reply::json(503, &json!({ "error": "SSE service is shutting down." })),
        (2, "GET /api/events?after=2") => Reply::broken_stream([event(3), "id: 4\nevent: assis".to_owned()]),
        (3, "GET /api/events?after=3") => Reply::stream([event(4)]),
        (4, "GET /api/events?after=4") => Reply::json(401, &json!({ "error": "Cloud API token is invalid or expired." })),
        (number, target) => Reply::json(400, &json!({ "error": format!("request {number} is {target}") })),
    })
    .await;
    let mut events = client(&cloud).workspace_events(Sequence::ZERO).await.expect("opened").reconnecting();
    for expected in 1..=4 {
        let event = events.next_event().await.expect("an event").expect("no error");
        assert_eq!(event.sequence(), Some(Sequence(expected)));
    }
    let end = events.next_event().await.expect("the reason").expect_err("access is gone");
    assert_eq!(end.status().map(|status| status.as_u16()), Some(401), "{end}");
    assert!(events.next_event().await.is_none());
}

#[tokio::test]
async fn a_silent_stream_counts_as_dead() {
    let cloud = FakeCloud::start(|_| Reply::silent_stream()).await;
    let timeouts = Timeouts { stream_silence: Duration::from_millis(20), ..Timeouts::default() };
    let client = Client::new(ClientOptions { timeouts, ..ClientOptions::new(cloud.url(), Credentials::None) }).expect("valid options");
    let mut events = client.workspace_events(Sequence::ZERO).await.expect("opened");
    let error = events.next_event().await.expect("an outcome").expect_err("nothing came");
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    assert!(events.next_event().await.is_none());
}
