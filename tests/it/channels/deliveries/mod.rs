//! Deliveries to chats (contract 04 §8; requirements R-GW-07, R-GW-08, R-GW-10, R-GW-11).

mod acknowledged;
mod alone;
mod operators;
mod poison;
mod quota;
mod retried;
mod shared;
pub(super) mod stream;

use super::{agent, binding, gateway, text};
use crate::{answer::Answer, caller::Caller, event_stream::EventStream, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A channel that is ready: who runs the organisation, a binding, its agent, and a token for it.
pub(super) struct Channel {
    pub(super) server: Server,
    pub(super) owner: Caller,
    pub(super) agent: String,
    pub(super) binding: String,
    pub(super) token: String,
    pub(super) token_id: String,
}

pub(super) async fn channel() -> Channel {
    on(super::server().await).await
}

pub(super) async fn on((server, owner): (Server, Caller)) -> Channel {
    let agent = agent(&server, &owner, "support").await;
    let binding = binding(&server, &owner, &agent, "telegram", "tg").await;
    let (token, token_id) = gateway(&server, &owner, &[&binding]).await;
    Channel { server, owner, agent, binding, token, token_id }
}

impl Channel {
    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.server.ask_with(&self.token, Method::POST, &format!("/api/channels/{path}"), Some(body)).await
    }

    /// Makes a delivery for a chat.
    pub(super) async fn deliver(&self, id: &str, chat: &str) -> Value {
        let body = json!({ "agentId": self.agent, "channelBindingId": self.binding, "provider": "telegram", "eventType": "assistant.message",
            "target": { "externalChatId": chat }, "payload": { "text": format!("for {chat}"), "accessToken": "hush" }, "deliveryId": id });
        self.post("deliveries", body).await.expect(StatusCode::CREATED, "").body["delivery"].clone()
    }

    /// Claims what is due, or becomes due soon.
    pub(super) async fn claim(&self, by: &str, max: u32) -> Vec<Value> {
        self.claim_with(json!({ "claimedBy": by, "max": max, "waitMs": 5000, "ttlMs": 60_000 })).await
    }

    pub(super) async fn claim_with(&self, body: Value) -> Vec<Value> {
        let claimed = self.post("deliveries/claim", body).await.expect(StatusCode::OK, "");
        claimed.body["deliveries"].as_array().expect("an array").clone()
    }

    /// Says what became of a claimed delivery, by the token of its claim.
    pub(super) async fn settle(&self, delivery: &Value, status: &str) -> Answer {
        let id = text(&delivery["deliveryId"]);
        self.post(&format!("deliveries/{id}/ack"), json!({ "status": status, "claimToken": delivery["claimToken"] })).await
    }

    pub(super) async fn follow(&self, query: &str) -> EventStream {
        let path = format!("/api/channels/deliveries/stream?{query}");
        EventStream::open(self.server.request(Method::GET, &path).bearer_auth(&self.token)).await
    }

    /// A delivery as its organisation's owner sees it.
    pub(super) async fn shown(&self, id: &str) -> Value {
        let path = format!("/api/channels/deliveries?deliveryId={id}");
        self.server.ask(&self.owner, Method::GET, &path, None).await.body["deliveries"][0].clone()
    }
}
