//! Channels and their deliveries (contract 04), as far as a generator of load needs them.

use crate::{Client, ClientError, client::encode};
use cowork_domain::{
    channel::ids::{AgentId, ChannelBindingId},
    timestamp::Timestamp,
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A delivery to be made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct NewDelivery<'a> {
    pub agent_id: &'a AgentId,
    pub channel_binding_id: &'a ChannelBindingId,
    pub provider: &'a str,
    pub event_type: &'a str,
    pub target: Value,
    pub payload: Value,
    pub delivery_id: &'a str,
}

/// What a gateway wants to send now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryClaim<'a> {
    /// Of which bindings.
    pub channel_binding_ids: [&'a ChannelBindingId; 1],
    /// How many at most.
    pub max: u32,
    /// How long to wait for the first, in milliseconds.
    pub wait_ms: u64,
    /// How long each may take, in milliseconds.
    pub ttl_ms: u64,
}

/// A delivery that is to be sent now.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ClaimedDelivery {
    pub delivery_id: String,
    pub attempt_count: u32,
    pub claim_token: String,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The chat has it.
    Sent,
    /// It is to be tried again then.
    Failed(Timestamp),
}

impl Client {
    /// `POST /api/channels/agents`: makes a headless agent.
    pub async fn create_headless_agent(&self, name: &str) -> Result<AgentId, ClientError> {
        #[derive(Deserialize)]
        struct Answer {
            agent: Agent,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Agent {
            agent_id: AgentId,
        }
        let Answer { agent } = self.post("/api/channels/agents", &json!({ "name": name })).await?;
        Ok(agent.agent_id)
    }

    /// `POST /api/channels/bindings`: connects a chat system with an agent.
    pub async fn create_channel_binding(&self, agent: &AgentId, provider: &str, name: &str) -> Result<ChannelBindingId, ClientError> {
        #[derive(Deserialize)]
        struct Answer {
            binding: Binding,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Binding {
            binding_id: ChannelBindingId,
        }
        let body = json!({ "agentId": agent, "provider": provider, "displayName": name });
        let Answer { binding } = self.post("/api/channels/bindings", &body).await?;
        Ok(binding.binding_id)
    }

    /// `POST /api/channels/deliveries`: makes a delivery.
    pub async fn create_delivery(&self, new: &NewDelivery<'_>) -> Result<(), ClientError> {
        self.call(Method::POST, "/api/channels/deliveries", encode(new)?).await?.success()?;
        Ok(())
    }

    /// `POST /api/channels/deliveries/claim`: takes what is due, or waits for it.
    pub async fn claim_deliveries(&self, claim: &DeliveryClaim<'_>) -> Result<Vec<ClaimedDelivery>, ClientError> {
        #[derive(Deserialize)]
        struct Answer {
            deliveries: Vec<ClaimedDelivery>,
        }
        let Answer { deliveries } = self.post("/api/channels/deliveries/claim", claim).await?;
        Ok(deliveries)
    }

    /// `POST /api/channels/deliveries/{id}/ack`: says what became of one.
    pub async fn ack_delivery(&self, delivery: &ClaimedDelivery, outcome: DeliveryOutcome) -> Result<(), ClientError> {
        let (status, next_attempt_at) = match outcome {
            DeliveryOutcome::Sent => ("sent", None),
            DeliveryOutcome::Failed(next) => ("failed", Some(next)),
        };
        let body = json!({ "status": status, "claimToken": delivery.claim_token, "nextAttemptAt": next_attempt_at });
        let path = format!("/api/channels/deliveries/{}/ack", delivery.delivery_id);
        self.call(Method::POST, &path, encode(&body)?).await?.success()?;
        Ok(())
    }
}
