use super::{agent, bind, binding, gateway, server, telegram, text, thread};
use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const UNBOUND: &str = "Channel binding scope is required for this action.";
const NOT_AUTHORIZED: &str = "Gateway API token is not authorized for the requested channel binding.";

#[track_caller]
fn assert_unbound(refused: &Answer, what: &str) {
    let told = (refused.status, refused.policy_code(), refused.error());
    assert_eq!(told, (StatusCode::FORBIDDEN, "channels.binding_scope_required", UNBOUND), "{what}: {refused:?}");
}

/// Every request of a gateway that names a binding or a thread.
fn everything(binding: &str, thread_id: &str) -> Vec<(Method, String, Option<Value>)> {
    let path = |rest: &str| format!("/api/channels/sessions/{thread_id}/{rest}");
    let post = |path: &str, body: Value| (Method::POST, format!("/api/channels/{path}"), Some(body));
    vec![
        post("identities/resolve", json!({ "channelBindingId": binding, "provider": "telegram", "externalUserId": "u-1" })),
        post("sessions/bind", thread(binding, "telegram", "u-1", "t-1")),
        post("sessions/prompt", json!({ "bindingId": thread_id, "text": "hi", "externalUserId": "u-1" })),
        post("sessions/prompt", json!({ "channelBindingId": binding, "bindingId": thread_id, "text": "hi" })),
        post("cursor", json!({ "bindingId": thread_id, "lastEventSequence": 1 })),
        post("cursor", json!({ "channelBindingId": binding, "bindingId": thread_id })),
        (Method::GET, path("snapshot"), None),
        (Method::GET, path("events"), None),
        (Method::GET, path("artifacts/a"), None),
    ]
}

#[tokio::test]
async fn a_token_for_one_binding_gets_nothing_of_another_and_does_not_learn_whether_there_is_one() {
    let (server, owner) = server().await;
    let (theirs, their_token) = telegram(&server, &owner).await;
    let bound = bind(&server, &their_token, thread(&theirs, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let their_thread = text(&bound.body["binding"]["bindingId"]);
    let agent_id = agent(&server, &owner, "support").await;
    let own = binding(&server, &owner, &agent_id, "telegram", "tg-2").await;
    let (token, _) = gateway(&server, &owner, &[&own]).await;
    let long = "x".repeat(300);
    let foreign = binding_of_another_organisation(&server).await;
    for (binding, thread_id) in [(theirs.as_str(), their_thread.as_str()), ("none", "none"), (&foreign, "none"), (&long, &long)] {
        for (method, path, body) in everything(binding, thread_id) {
            let what = format!("{method} {path} {body:?}");
            assert_unbound(&server.ask_with(&token, method, &path, body).await, &what);
        }
    }
    // A granted binding in front of a thread that isn't its own: then the service refuses, in its own words.
    for (path, body) in [
        ("sessions/prompt", json!({ "channelBindingId": own, "bindingId": their_thread, "text": "hi" })),
        ("cursor", json!({ "channelBindingId": own, "bindingId": their_thread, "lastEventSequence": 1 })),
    ] {
        let refused = server.ask_with(&token, Method::POST, &format!("/api/channels/{path}"), Some(body)).await;
        assert_eq!(refused.expect(StatusCode::FORBIDDEN, NOT_AUTHORIZED).policy_code(), "");
    }
    let path = "/api/channels/sessions/by-thread?provider=telegram&externalChatId=chat-1&externalThreadId=t-1";
    let hidden = server.ask_with(&token, Method::GET, path, None).await;
    hidden.expect(StatusCode::NOT_FOUND, "Channel session binding was not found.");
    let granted = bind(&server, &token, thread(&own, "telegram", "u-1", "t-2")).await;
    assert_eq!(granted.status, StatusCode::OK, "its own binding is served: {granted:?}");
}

async fn binding_of_another_organisation(server: &Server) -> String {
    let stranger = Caller::new("globex", "lee", "owner");
    let agent_id = agent(server, &stranger, "support").await;
    binding(server, &stranger, &agent_id, "telegram", "tg").await
}

#[tokio::test]
async fn a_token_without_a_grant_that_is_served_gets_nothing_at_all() {
    let (server, owner) = server().await;
    let (binding_id, token) = telegram(&server, &owner).await;
    let bound = bind(&server, &token, thread(&binding_id, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    let thread_id = text(&bound.body["binding"]["bindingId"]);
    let (grantless, _) = gateway(&server, &owner, &[]).await;
    let by_thread = "/api/channels/sessions/by-thread?provider=telegram&externalChatId=chat-1&externalThreadId=t-1";
    let mut everything = everything(&binding_id, &thread_id);
    everything.push((Method::GET, by_thread.to_owned(), None));
    for (method, path, body) in everything.clone() {
        let what = format!("{method} {path} {body:?}");
        assert_unbound(&server.ask_with(&grantless, method, &path, body).await, &what);
    }
    let path = format!("/api/channels/bindings/{binding_id}");
    for status in ["disabled", "error", "auth_required"] {
        server.ask(&owner, Method::PATCH, &path, Some(json!({ "status": status }))).await.expect(StatusCode::OK, "");
        for (method, path, body) in everything.clone() {
            let what = format!("{status}: {method} {path} {body:?}");
            assert_unbound(&server.ask_with(&token, method, &path, body).await, &what);
        }
    }
    server.ask(&owner, Method::PATCH, &path, Some(json!({ "status": "active" }))).await.expect(StatusCode::OK, "");
    bind(&server, &token, thread(&binding_id, "telegram", "u-1", "t-1")).await.expect(StatusCode::OK, "");
    // A person, even one who runs the organisation, is no gateway.
    let refused = server.ask(&owner, Method::POST, "/api/channels/cursor", Some(json!({ "bindingId": thread_id }))).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));
}

#[tokio::test]
async fn at_the_own_machine_nothing_is_bound_and_names_stay_as_they_are() {
    let server = Server::start().await;
    let made = server.post("/api/channels/agents", json!({ "agentId": "support", "name": "Support" })).await;
    assert_eq!(made.expect(StatusCode::CREATED, "").body["agent"]["agentId"], "support");
    let body = json!({ "agentId": "support", "bindingId": "cli-1", "provider": "cli", "displayName": "Terminal" });
    assert_eq!(server.post("/api/channels/bindings", body).await.expect(StatusCode::CREATED, "").body["binding"]["bindingId"], "cli-1");
    let person = json!({ "provider": "cli", "externalUserId": "me", "role": "owner", "status": "active" });
    server.post("/api/channels/identities/resolve", person).await.expect(StatusCode::OK, "");
    let bound = server.post("/api/channels/sessions/bind", thread("cli-1", "cli", "me", "t")).await.expect(StatusCode::OK, "");
    let missing = server.post("/api/channels/cursor", json!({ "bindingId": "none" })).await;
    missing.expect(StatusCode::NOT_FOUND, "Channel session binding was not found.");
    let saved =
        server.post("/api/channels/cursor", json!({ "bindingId": bound.body["binding"]["bindingId"], "lastEventSequence": 1 })).await;
    assert_eq!(saved.expect(StatusCode::OK, "").body["result"]["ok"], true);
}
