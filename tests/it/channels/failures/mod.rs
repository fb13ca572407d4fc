//! Channels under failure: what is killed with SIGKILL, and what must be true all the same (requirement R-GW-11).

mod chat;
mod gateway;
mod gateways;
mod inbox;
mod owner;
mod stream;

use super::{agent, allow, binding, gateway as issue, text};
use crate::{
    caller::{Caller, HEADER_MODE},
    cluster::harness::{Cluster, until_ready},
    program::GLANCE,
    server::PATIENCE,
};
use cowork_domain::ids::{ShardId, derived_uuid};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const NODES: [&str; 2] = ["a", "b"];

/// Two nodes of one cluster, either of which may own the binding, and a channel that is ready.
struct Pair {
    cluster: Cluster,
    owner: Caller,
    agent: String,
    binding: String,
    token: String,
}

impl Pair {
    async fn start() -> Self {
        let mut cluster = Cluster::empty().await;
        for name in NODES {
            until_ready(cluster.join(name, "all-in-one", &HEADER_MODE), true).await;
        }
        let owner = Caller::new("acme", "kim", "owner");
        let agent = agent(&cluster["a"], &owner, "support").await;
        let binding = binding(&cluster["a"], &owner, &agent, "telegram", "tg").await;
        allow(&cluster["a"], &owner, "telegram", "u-1", "member").await;
        let (token, _) = issue(&cluster["a"], &owner, &[&binding]).await;
        Self { cluster, owner, agent, binding, token }
    }

    /// The node that owns the binding now.
    async fn owner(&self) -> &'static str {
        let shard = ShardId::of(derived_uuid(&["channel_binding", &self.binding]), ShardId::DEFAULT_COUNT);
        let query = format!("select n.name from shards s join nodes n on n.node = s.owner where s.shard = {}", shard.0);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.cluster["a"].rows(&query).await;
            if let Some(owner) = NODES.into_iter().find(|name| rows.first().is_some_and(|row| row["name"] == *name)) {
                return owner;
            }
            assert!(Instant::now() < deadline, "nobody owns the binding: {rows:?}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Makes deliveries for so many chats, so many of each, by turns and through both nodes.
    async fn deliver(&self, chats: usize, of_each: usize) {
        for number in 0..of_each {
            for chat in 0..chats {
                let body = json!({ "agentId": self.agent, "channelBindingId": self.binding, "provider": "telegram",
                    "eventType": "assistant.message", "target": { "externalChatId": format!("c{chat}") },
                    "payload": { "number": number }, "deliveryId": format!("{chat}-{number}") });
                let server = &self.cluster[NODES[chat % NODES.len()]];
                let made = server.ask_with(&self.token, Method::POST, "/api/channels/deliveries", Some(body)).await;
                made.expect(StatusCode::CREATED, "");
            }
        }
    }

    /// Waits until everything is sent, as a node that lives sees it; what each took, by its name.
    async fn until_all_sent(&self, all: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.cluster["a"].rows("select delivery_id, status, attempts from channel_deliveries").await;
            if rows.len() == all && rows.iter().all(|row| row["status"] == "sent") {
                return rows;
            }
            assert!(Instant::now() < deadline, "not everything was sent: {rows:?}");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// The node that is not this one.
fn other(node: &str) -> &'static str {
    if node == NODES[0] { NODES[1] } else { NODES[0] }
}
