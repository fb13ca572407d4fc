use super::{agent, allow, bind, binding, gateway, server, telegram, text, thread};
use crate::{
    caller::Caller,
    event_stream::{EventStream, types},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

const CONFLICT: &str = "Channel thread is already bound to a different channel authority.";

#[tokio::test]
async fn a_thread_is_one_session_however_often_and_by_how_many_at_once_it_is_bound() {
    let (server, owner) = server().await;
    let (binding_id, token) = telegram(&server, &owner).await;
    let asked = || bind(&server, &token, thread(&binding_id, "telegram", "u-1", "t-1"));
    let (one, two, three) = tokio::join!(asked(), asked(), asked());
    let first = one.expect(StatusCode::OK, "");
    for other in [two, three, asked().await] {
        let other = other.expect(StatusCode::OK, "");
        assert_eq!(other.body["binding"], first.body["binding"], "one thread, one binding");
    }
    let sessions = server.ask(&owner, Method::GET, "/api/sessions", None).await;
    assert_eq!(sessions.body["sessions"].as_array().map(Vec::len), Some(1), "and one session, of the token's account: {sessions:?}");
    let session = &first.body["session"]["session"];
    assert_eq!((&session["title"], &session["userId"]), (&json!("Hello there"), &json!("kim")));
    assert_eq!(session["sessionId"], first.body["binding"]["sessionId"]);

    let path = "/api/channels/sessions/by-thread?provider=telegram&externalChatId=chat-1&externalThreadId=t-1";
    let found = server.ask_with(&token, Method::GET, path, None).await.expect(StatusCode::OK, "");
    assert_eq!(found.body["binding"], first.body["binding"]);
    let unbound = server.ask_with(&token, Method::GET, &format!("{path}0"), None).await;
    let unbound = unbound.expect(StatusCode::NOT_FOUND, "Channel session binding was not found.");
    assert_eq!(unbound.body["code"], "gateway.channel_not_bound");
    let audit = server.ask(&owner, Method::GET, "/api/admin/audit?action=channel_session", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(2), "it was bound once: {audit:?}");

    // A node that died between the session and the thread's row left just this.
    server.sql("delete from channel_sessions").await;
    let again = asked().await.expect(StatusCode::OK, "");
    assert_eq!(again.body["binding"]["sessionId"], first.body["binding"]["sessionId"], "what was begun is found again");
}

#[tokio::test]
async fn a_thread_stays_with_its_binding_and_a_session_with_its_owner() {
    let (server, owner) = server().await;
    let (first, token) = telegram(&server, &owner).await;
    let agent_id = agent(&server, &owner, "support").await;
    let second = binding(&server, &owner, &agent_id, "telegram", "tg-2").await;
    let (both, _) = gateway(&server, &owner, &[&first, &second]).await;
    bind(&server, &token, thread(&first, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    bind(&server, &both, thread(&second, "telegram", "u-1", "t-1")).await.expect(StatusCode::CONFLICT, CONFLICT);

    let own = text(&server.ask(&owner, Method::POST, "/api/sessions", Some(json!({}))).await.body["session"]["sessionId"]);
    let with = |session: &str, name: &str| {
        let mut body = thread(&first, "telegram", "u-1", name);
        body["sessionId"] = json!(session);
        body
    };
    let bound = bind(&server, &token, with(&own, "t-2")).await.expect(StatusCode::OK, "");
    assert_eq!(bound.body["binding"]["sessionId"], json!(own));
    bind(&server, &token, with(&own, "t-3")).await.expect(StatusCode::OK, "");
    bind(&server, &token, with(&own, "t-1")).await.expect(StatusCode::CONFLICT, CONFLICT);
    let ada = Caller::new("acme", "ada", "admin");
    let hers = text(&server.ask(&ada, Method::POST, "/api/sessions", Some(json!({}))).await.body["session"]["sessionId"]);
    for foreign in [hers.as_str(), "ses_nothing"] {
        let refused = bind(&server, &token, with(foreign, "t-4")).await;
        refused
            .expect(StatusCode::FORBIDDEN, "Gateway API token is not authorized for the requested channel binding.")
            .coded("authorization.denied");
    }
    // Her gateway serves the same binding, but the session of the thread is his.
    let (her_token, _) = gateway(&server, &ada, &[&first]).await;
    let refused = bind(&server, &her_token, thread(&first, "telegram", "u-1", "t-1")).await;
    refused.expect(StatusCode::FORBIDDEN, "Gateway API token is not authorized for the requested channel binding.");

    let off = json!({ "status": "disabled" });
    server.ask(&owner, Method::PATCH, &format!("/api/channels/agents/{agent_id}"), Some(off)).await.expect(StatusCode::OK, "");
    bind(&server, &token, thread(&first, "telegram", "u-1", "t-9"))
        .await
        .expect(StatusCode::FORBIDDEN, "Headless agent is not active.")
        .coded("channels.agent_disabled");
}

#[tokio::test]
async fn a_gateway_follows_a_session_and_fetches_what_was_made_in_it() {
    let (server, owner) = server().await;
    let (binding_id, token) = telegram(&server, &owner).await;
    let bound = bind(&server, &token, thread(&binding_id, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let (thread_id, session) = (text(&bound.body["binding"]["bindingId"]), text(&bound.body["binding"]["sessionId"]));
    let path = format!("/api/channels/sessions/{thread_id}");
    let mut stream = EventStream::open(server.request(Method::GET, &format!("{path}/events?after=0")).bearer_auth(&token)).await;

    // Somebody prompts in the browser; the thread sees it.
    let body = json!({ "text": "hello" });
    server.ask(&owner, Method::POST, &format!("/api/sessions/{session}/prompt"), Some(body)).await.expect(StatusCode::ACCEPTED, "");
    let records = stream.until_type_and_all("session.idle").await;
    assert_eq!(types(&records)[0], "session.created");
    let snapshot = server.ask_with(&token, Method::GET, &format!("{path}/snapshot"), None).await.expect(StatusCode::OK, "");
    assert_eq!((&snapshot.body["session"]["sessionId"], &snapshot.body["session"]["status"]), (&json!(session), &json!("idle")));

    let upload = json!({ "filename": "note.txt", "contentType": "text/plain", "dataBase64": "aGVsbG8=" });
    let made = server.ask(&owner, Method::POST, &format!("/api/sessions/{session}/artifacts"), Some(upload)).await;
    let artifact = text(&made.body["artifact"]["artifactId"]);
    let fetched = server.ask_with(&token, Method::GET, &format!("{path}/artifacts/{artifact}"), None).await.expect(StatusCode::OK, "");
    assert_eq!(fetched.body["artifact"]["dataBase64"], "aGVsbG8=");
    let none = server.ask_with(&token, Method::GET, &format!("{path}/artifacts/none"), None).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "{none:?}");
}

#[tokio::test]
async fn what_is_open_through_a_binding_ends_with_it_and_with_the_token() {
    let (server, owner) = server().await;
    let (telegram_id, _) = telegram(&server, &owner).await;
    let agent_id = agent(&server, &owner, "support").await;
    let slack_id = binding(&server, &owner, &agent_id, "slack", "sl").await;
    allow(&server, &owner, "slack", "u-1", "member").await;
    let (token, token_id) = gateway(&server, &owner, &[&telegram_id, &slack_id]).await;
    let open = async |binding_id: &str, provider: &str| {
        let bound = bind(&server, &token, thread(binding_id, provider, "u-1", "t-1")).await.expect(StatusCode::OK, "");
        let path = format!("/api/channels/sessions/{}/events", text(&bound.body["binding"]["bindingId"]));
        let mut stream = EventStream::open(server.request(Method::GET, &path).bearer_auth(&token)).await;
        stream.until_type("session.created").await;
        (path, stream)
    };
    let (telegram_path, mut telegram_stream) = open(&telegram_id, "telegram").await;
    let (slack_path, mut slack_stream) = open(&slack_id, "slack").await;

    let off = json!({ "status": "disabled" });
    server.ask(&owner, Method::PATCH, &format!("/api/channels/bindings/{telegram_id}"), Some(off)).await.expect(StatusCode::OK, "");
    telegram_stream.until_cut().await;
    let refused = server.ask_with(&token, Method::GET, &telegram_path, None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "channels.binding_scope_required"));

    server.ask(&owner, Method::DELETE, &format!("/api/api-tokens/{token_id}"), None).await.expect(StatusCode::OK, "");
    slack_stream.until_cut().await;
    let over = server.ask_with(&token, Method::GET, &slack_path, None).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED, "{over:?}");
}

/// No call archives a thread. Were one archived, nothing would go through it, and nobody would learn more than of one that isn't there.
#[tokio::test]
async fn an_archived_thread_is_used_by_nobody() {
    let (server, owner) = server().await;
    let (binding, token) = telegram(&server, &owner).await;
    let asked = thread(&binding, "telegram", "u-1", "t-1");
    let bound = bind(&server, &token, asked.clone()).await.expect(StatusCode::OK, "").body["binding"].clone();
    server.sql("update channel_sessions set status = 'archived'").await;
    let again = bind(&server, &token, asked).await;
    assert_eq!((again.status, &again.body["code"]), (StatusCode::CONFLICT, &json!("channels.thread_conflict")), "{again:?}");
    let path = "/api/channels/sessions/by-thread?provider=telegram&externalChatId=chat-1&externalThreadId=t-1";
    let found = server.ask_with(&token, Method::GET, path, None).await;
    found.expect(StatusCode::NOT_FOUND, "Channel session binding was not found.");
    let id = text(&bound["bindingId"]);
    let named = json!({ "bindingId": id, "text": "hello", "provider": "telegram", "externalUserId": "u-1", "lastEventSequence": 1 });
    for (method, path, body) in [
        (Method::GET, format!("sessions/{id}/snapshot"), None),
        (Method::GET, format!("sessions/{id}/events"), None),
        (Method::POST, "sessions/prompt".to_owned(), Some(named.clone())),
        (Method::POST, "cursor".to_owned(), Some(named)),
    ] {
        let refused = server.ask_with(&token, method, &format!("/api/channels/{path}"), body).await;
        assert_eq!(
            (refused.status, refused.policy_code()),
            (StatusCode::FORBIDDEN, "channels.binding_scope_required"),
            "{path}: {refused:?}"
        );
    }
}
