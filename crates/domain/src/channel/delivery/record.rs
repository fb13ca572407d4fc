//! A delivery as it is stored, and as clients see it.

use super::progress::{DeadReason, DeliveryState, DeliveryStatus, Progress};
use crate::{
    channel::{
        ids::{AgentId, ChannelBindingId, ChannelSessionId},
        provider::ChannelProvider,
        redaction,
    },
    ids::OrgId,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// What is kept of an error, in characters.
pub const LONGEST_ERROR: usize = 1024;

/// A message for a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelDelivery {
    /// As whoever made it calls it; unique within its binding.
    pub id: String,
    /// Whose it is.
    pub org: OrgId,
    /// In whose name it is sent.
    pub agent: AgentId,
    /// Through which channel.
    pub binding: ChannelBindingId,
    /// From which thread, if from one.
    pub session_binding: Option<ChannelSessionId>,
    /// Which chat system.
    pub provider: ChannelProvider,
    /// Where to; an object.
    pub target: Value,
    /// What it is about.
    pub event_type: String,
    /// What to send; an object.
    pub payload: Value,
    /// How far it is.
    pub progress: Progress,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A delivery to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// The same id on the same binding is the same delivery.
    pub id: String,
    /// In whose name it is sent.
    pub agent: AgentId,
    /// Through which channel.
    pub binding: ChannelBindingId,
    /// From which thread.
    pub session_binding: Option<ChannelSessionId>,
    /// Which chat system.
    pub provider: ChannelProvider,
    /// Where to; an object.
    pub target: Value,
    /// What it is about.
    pub event_type: String,
    /// What to send; an object.
    pub payload: Value,
    /// Where it stands from the start.
    pub status: DeliveryStatus,
    /// When it is due, if not at once.
    pub next_attempt_at: Option<Timestamp>,
}

/// A delivery as it goes over the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownDelivery<'a> {
    delivery_id: &'a str,
    org_id: &'a OrgId,
    agent_id: &'a AgentId,
    channel_binding_id: &'a ChannelBindingId,
    session_binding_id: Option<&'a ChannelSessionId>,
    provider: &'a ChannelProvider,
    target: Cow<'a, Value>,
    event_type: &'a str,
    payload: Cow<'a, Value>,
    status: DeliveryStatus,
    attempt_count: u32,
    claimed_by: Option<&'a str>,
    last_claimed_by: Option<&'a str>,
    claim_expires_at: Option<Timestamp>,
    next_attempt_at: Timestamp,
    last_error: Option<Cow<'a, str>>,
    dead_reason: Option<DeadReason>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Only for whoever claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_token: Option<String>,
}

impl ChannelDelivery {
    /// For everybody who may list deliveries.
    pub fn public(&self) -> ShownDelivery<'_> {
        ShownDelivery {
            target: Cow::Owned(redaction::public(&self.target)),
            payload: Cow::Owned(redaction::public(&self.payload)),
            last_error: self.progress.last_error.as_deref().map(|error| redaction::public_text(error, LONGEST_ERROR).into()),
            claim_token: None,
            ..self.raw()
        }
    }

    /// As it is, for the gateway that sends it.
    pub fn raw(&self) -> ShownDelivery<'_> {
        let progress = &self.progress;
        let (claimed_by, claim_expires_at) = match &progress.state {
            DeliveryState::Claimed { by, until } => (Some(by.as_str()), Some(*until)),
            _ => (None, None),
        };
        let dead_reason = match progress.state {
            DeliveryState::Dead(reason) => Some(reason),
            _ => None,
        };
        ShownDelivery {
            delivery_id: &self.id,
            org_id: &self.org,
            agent_id: &self.agent,
            channel_binding_id: &self.binding,
            session_binding_id: self.session_binding.as_ref(),
            provider: &self.provider,
            target: Cow::Borrowed(&self.target),
            event_type: &self.event_type,
            payload: Cow::Borrowed(&self.payload),
            status: progress.state.status(),
            attempt_count: progress.attempts,
            claimed_by,
            last_claimed_by: progress.last_claimed_by.as_deref(),
            claim_expires_at,
            next_attempt_at: progress.next_attempt_at,
            last_error: progress.last_error.as_deref().map(Cow::Borrowed),
            dead_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
            claim_token: progress.claim_token().map(|token| token.to_string()),
        }
    }
}
