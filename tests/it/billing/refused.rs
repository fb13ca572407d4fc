//! What begins only for those who pay, what goes on in any case, and what is asked before that.

use super::{assert_unpaid, billed, get, owner, post, prompt, session, shown, subscribe, told};
use crate::{
    answer::Answer,
    caller::Caller,
    server::{PATIENCE, Server},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

const REQUIRED: (&str, &str) = ("billing.subscription_required", "A billing subscription is required for this cloud org.");

/// Everything that has a price, with its path and body; the session is one that is there.
fn priced(session: &str) -> Vec<(String, Value)> {
    vec![
        ("/api/sessions".to_owned(), json!({})),
        (
            "/api/import/sessions".to_owned(),
            json!({"source": {"kind": "local-session", "fingerprint": "f", "title": "T"},
            "messages": [{"id": "m1", "role": "user", "content": "Hi", "timestamp": "2026-01-02T03:04:05.000Z", "order": 1}]}),
        ),
        (format!("/api/sessions/{session}/prompt"), json!({"text": "hello"})),
        (format!("/api/sessions/{session}/artifacts"), json!({"filename": "a.txt", "dataBase64": "aGk="})),
        ("/api/byok/openai".to_owned(), json!({"apiKey": "sk-0123456789abcdef"})),
        ("/api/byok/openai/validate".to_owned(), json!({})),
        ("/api/channels/agents".to_owned(), json!({"name": "bot"})),
        ("/api/channels/bindings".to_owned(), json!({"agentId": "a", "provider": "telegram", "displayName": "chat"})),
    ]
}

#[tokio::test]
async fn without_a_subscription_nothing_begins_and_whoever_stops_paying_keeps_what_is_theirs() {
    let server = billed().await;
    let kim = owner("acme");
    let before = shown(&server, &kim).await;
    assert_eq!((&before["enabled"], &before["active"], &before["subscription"]), (&json!(true), &json!(false), &Value::Null));
    assert_eq!(before["entitlements"]["maxPromptsPerHour"], 2, "the default plan's");
    for (path, body) in priced("ses_018f2f5c3b1e7c008a1b2c3d4e5f6071") {
        if path.starts_with("/api/sessions/") {
            // Whether a session is there comes before who pays for it.
            post(&server, &kim, &path, body).await.expect(StatusCode::NOT_FOUND, "Cloud session was not found.");
        } else {
            assert_unpaid(post(&server, &kim, &path, body).await, REQUIRED.0, REQUIRED.1);
        }
    }

    subscribe(&server, &kim, "pro").await;
    let session = session(&server, &kim).await;
    prompt(&server, &kim, &session).await.expect(StatusCode::ACCEPTED, "");
    told(&server, json!({"id": "evt_late", "subscription": {"orgId": "acme", "status": "past_due"}})).await.expect(StatusCode::OK, "");
    for (path, body) in priced(&session) {
        assert_unpaid(post(&server, &kim, &path, body).await, "billing.subscription_inactive", "Billing subscription is past_due.");
    }
    assert_eq!(shown(&server, &kim).await["active"], false);
    for path in [
        "/api/sessions",
        &format!("/api/sessions/{session}/view"),
        &format!("/api/sessions/{session}/artifacts"),
        "/api/byok",
        "/api/byok/openai",
        "/api/admin/audit",
        "/api/usage/summary",
        "/api/channels/agents",
    ] {
        get(&server, &kim, path).await.expect(StatusCode::OK, "");
    }
    post(&server, &kim, &format!("/api/sessions/{session}/abort"), json!({})).await.expect(StatusCode::ACCEPTED, "");
    server.ask(&kim, Method::DELETE, "/api/byok/openai", None).await.expect(StatusCode::OK, "");

    told(&server, json!({"id": "evt_paid", "subscription": {"orgId": "acme", "status": "trialing"}})).await.expect(StatusCode::OK, "");
    prompt(&server, &kim, &session).await.expect(StatusCode::ACCEPTED, "");
}

#[tokio::test]
async fn each_rule_of_a_plan_refuses_with_its_own_code() {
    let server = billed().await;
    let kim = owner("acme");
    subscribe(&server, &kim, "pro").await;
    let session = session(&server, &kim).await;
    subscribe(&server, &kim, "starter").await;
    let refused = post(&server, &kim, "/api/channels/agents", json!({"name": "z2", "profileName": "full"})).await;
    assert_unpaid(refused, "billing.feature_not_entitled", "The \"channels\" feature is not included in this plan.");

    subscribe(&server, &kim, "frozen").await;
    let ask = async |path: &str, body: Value| post(&server, &kim, path, body).await;
    let sessions = "Creating new cloud sessions is not included in this plan.";
    assert_unpaid(ask("/api/sessions", json!({})).await, "billing.sessions_not_entitled", sessions);
    let profile = "Cloud profile \"lean\" is not included in this plan.";
    assert_unpaid(ask("/api/sessions", json!({"profileName": "lean"})).await, "billing.profile_not_entitled", profile);
    let prompts = "Cloud prompts are not included in this plan.";
    assert_unpaid(prompt(&server, &kim, &session).await, "billing.prompts_not_entitled", prompts);
    let provider = "Provider \"anthropic\" is not included in this plan.";
    let key = json!({"apiKey": "sk-0123456789abcdef"});
    assert_unpaid(ask("/api/byok/anthropic", key.clone()).await, "billing.provider_not_entitled", provider);
    ask("/api/byok/openai", key).await.expect(StatusCode::CREATED, "");
    let artifact = json!({"filename": "a.txt", "dataBase64": "aGk="});
    let artifacts = "The \"artifacts\" feature is not included in this plan.";
    assert_unpaid(ask(&format!("/api/sessions/{session}/artifacts"), artifact).await, "billing.feature_not_entitled", artifacts);
    let answered = prompt_by_socket(&server, &kim, &session).await;
    assert_eq!((&answered["status"], &answered["body"]["code"]), (&json!(402), &json!("billing.prompts_not_entitled")), "{answered}");
}

/// The answer to a prompt over a WebSocket.
async fn prompt_by_socket(server: &Server, by: &Caller, session: &str) -> Value {
    let mut request = format!("{}/api/ws", server.url.replacen("http", "ws", 1)).into_client_request().expect("a request");
    request.headers_mut().extend(by.headers());
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cowork.v1"));
    let (mut socket, _) = connect_async(request).await.expect("the socket opens");
    let command = json!({"type": "command", "id": "c1", "sessionId": session, "command": "prompt", "payload": {"text": "hello"}});
    socket.send(Message::Text(command.to_string().into())).await.expect("the socket is open");
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an answer").expect("the socket stays open");
        let Ok(Message::Text(text)) = message else { continue };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["id"] == "c1" {
            return message;
        }
    }
}

#[tokio::test]
async fn who_may_not_do_it_is_told_so_before_anybody_asks_who_pays() {
    let server = billed().await;
    let (kim, mo) = (owner("acme"), Caller::new("acme", "mo", "member"));
    get(&server, &kim, "/api/workspace").await.expect(StatusCode::OK, "");
    get(&server, &mo, "/api/workspace").await.expect(StatusCode::OK, "");
    for (path, body) in [
        ("/api/byok/openai", json!({"apiKey": "sk-0123456789abcdef"})),
        ("/api/channels/agents", json!({"name": "bot"})),
        ("/api/billing/checkout", json!({})),
        ("/api/billing/portal", json!({})),
    ] {
        let refused = post(&server, &mo, path, body).await;
        refused.expect(StatusCode::FORBIDDEN, "The authenticated principal cannot perform this workspace action.");
    }
    assert_eq!(shown(&server, &mo).await["subscription"], Value::Null, "any member may look");
    let stranger = Answer::of(server.request(Method::POST, "/api/billing/checkout").json(&json!({}))).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_organisation_does_not_pay_for_another() {
    let server = billed().await;
    let (kim, eve) = (owner("acme"), owner("globex"));
    get(&server, &eve, "/api/workspace").await.expect(StatusCode::OK, "");
    subscribe(&server, &kim, "pro").await;
    session(&server, &kim).await;
    assert_unpaid(post(&server, &eve, "/api/sessions", json!({})).await, REQUIRED.0, REQUIRED.1);
    assert_eq!(shown(&server, &eve).await["subscription"], Value::Null);
    subscribe(&server, &eve, "starter").await;
    let plan = async |by: &Caller| shown(&server, by).await["subscription"]["planKey"].clone();
    assert_eq!((plan(&kim).await, plan(&eve).await), (json!("pro"), json!("starter")));
    told(&server, json!({"id": "evt_1", "subscription": {"orgId": "globex", "status": "canceled"}})).await.expect(StatusCode::OK, "");
    session(&server, &kim).await;
    let ended = post(&server, &eve, "/api/sessions", json!({})).await;
    assert_unpaid(ended, "billing.subscription_inactive", "Billing subscription is canceled.");
    let log = get(&server, &kim, "/api/admin/audit?action=billing.&limit=100").await.expect(StatusCode::OK, "").body;
    let events = log["events"].as_array().expect("a list");
    assert!(!events.is_empty() && events.iter().all(|event| event["orgId"] == "acme"), "{log:#}");
}
