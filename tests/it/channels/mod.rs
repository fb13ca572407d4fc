//! Channels and their gateways (contract 04, requirements R-GW).

mod agents;
mod authority;
mod bindings;
mod cursor;
mod deliveries;
mod failures;
mod gateway;
mod identities;
mod inbox;
mod interactions;
mod leases;
mod prompts;
mod provider_events;
mod sessions;
mod sweeps;

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A server in header mode, and who runs an organisation on it.
pub(crate) async fn server() -> (Server, Caller) {
    (Server::with(&HEADER_MODE).await, Caller::new("acme", "kim", "owner"))
}

/// A new agent's id.
pub(crate) async fn agent(server: &Server, owner: &Caller, seed: &str) -> String {
    let body = json!({ "agentId": seed, "name": "Support bot" });
    let made = server.ask(owner, Method::POST, "/api/channels/agents", Some(body)).await.expect(StatusCode::CREATED, "");
    text(&made.body["agent"]["agentId"])
}

/// A new binding's id.
pub(crate) async fn binding(server: &Server, owner: &Caller, agent: &str, provider: &str, seed: &str) -> String {
    let body = json!({ "agentId": agent, "bindingId": seed, "provider": provider, "displayName": "Team chat" });
    let made = server.ask(owner, Method::POST, "/api/channels/bindings", Some(body)).await.expect(StatusCode::CREATED, "");
    text(&made.body["binding"]["bindingId"])
}

/// A new gateway's token, and its public part.
pub(crate) async fn gateway(server: &Server, owner: &Caller, bindings: &[&str]) -> (String, String) {
    let body = json!({ "name": "gateway", "scopes": ["gateway"], "channelBindingIds": bindings });
    let issued = server.ask(owner, Method::POST, "/api/api-tokens", Some(body)).await.expect(StatusCode::CREATED, "");
    (text(&issued.body["plaintext"]), text(&issued.body["token"]["tokenId"]))
}

/// Makes somebody in a chat known, and says what they may do.
pub(crate) async fn allow(server: &Server, owner: &Caller, provider: &str, user: &str, role: &str) -> String {
    let body = json!({ "provider": provider, "externalUserId": user, "role": role, "status": "active" });
    let known = server.ask(owner, Method::POST, "/api/channels/identities/resolve", Some(body)).await.expect(StatusCode::OK, "");
    text(&known.body["identity"]["identityId"])
}

/// What a gateway sends to make a thread a session.
pub(crate) fn thread(binding: &str, provider: &str, user: &str, thread: &str) -> Value {
    json!({ "channelBindingId": binding, "provider": provider, "externalChatId": "chat-1", "externalThreadId": thread,
        "externalUserId": user, "title": "Hello there" })
}

/// Binds a thread as a gateway.
pub(crate) async fn bind(server: &Server, token: &str, body: Value) -> Answer {
    server.ask_with(token, Method::POST, "/api/channels/sessions/bind", Some(body)).await
}

/// Prompts a thread as a gateway.
pub(crate) async fn prompt(server: &Server, token: &str, body: Value) -> Answer {
    server.ask_with(token, Method::POST, "/api/channels/sessions/prompt", Some(body)).await
}

/// A telegram channel that is ready: its binding, a token for it, and a member `u-1` in its chats.
pub(crate) async fn telegram(server: &Server, owner: &Caller) -> (String, String) {
    let agent = agent(server, owner, "support").await;
    let binding = binding(server, owner, &agent, "telegram", "tg").await;
    allow(server, owner, "telegram", "u-1", "member").await;
    let (token, _) = gateway(server, owner, &[&binding]).await;
    (binding, token)
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text")).to_owned()
}
