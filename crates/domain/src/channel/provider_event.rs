//! What happened in a chat system, taken by one gateway at a time and done once (contract 04 §7).
//!
//! Chat systems send the same event again when they are not sure that it arrived, and several gateways may get it. Whoever
//! claims an event works on it until the claim runs out; what is processed, or failed for good, is never claimed again.

use super::{ids::ChannelBindingId, provider::ChannelProvider, redaction, word::words};
use crate::{
    ids::{OrgId, stable_id},
    timestamp::Timestamp,
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// How long a claim holds unless its gateway says otherwise, in milliseconds.
const CLAIM_MS: i64 = 5 * 60 * 1000;
/// The longest claim, in milliseconds.
const LONGEST_CLAIM_MS: i64 = 60 * 60 * 1000;
/// The longest text of an error, in characters.
const LONGEST_ERROR: usize = 1024;

words! {
    /// What kind of event it is.
    ProviderEventType {
        /// Somebody wrote.
        Message = "message",
        /// Somebody gave a command to the gateway.
        Command = "command",
        /// Somebody pressed a button.
        Interaction = "interaction",
    }
}

/// What makes two events the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEventKey {
    /// Whose event it is.
    pub org: OrgId,
    /// Where it came in.
    pub binding: ChannelBindingId,
    /// The chat system.
    pub provider: ChannelProvider,
    /// Which of a gateway's providers received it.
    pub instance: String,
    /// The chat system's workspace.
    pub workspace: Option<String>,
    /// The same id of another kind is another event.
    pub kind: ProviderEventType,
    /// As the chat system calls it.
    pub event: String,
}

impl ProviderEventKey {
    /// The event's id, the same for every gateway that tells of it.
    pub fn id(&self) -> String {
        let workspace = self.workspace.as_deref().unwrap_or_default();
        let parts = [self.org.as_str(), self.binding.as_str(), self.provider.as_str(), &self.instance, workspace, self.kind.as_str()];
        stable_id("channel_provider_event", &[&parts[..], &[&self.event]].concat())
    }
}

/// Who works on an event, and until when nobody else does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventClaim {
    /// The claimant's name.
    pub by: String,
    /// When the claim runs out.
    pub until: Timestamp,
}

impl EventClaim {
    /// A claim from now on; zero or no time means the default of five minutes, and an hour is the longest.
    pub fn new(by: &str, ttl_ms: Option<i64>, now: Timestamp) -> Self {
        let ttl = ttl_ms.filter(|ttl| *ttl != 0).unwrap_or(CLAIM_MS).clamp(1, LONGEST_CLAIM_MS);
        Self { by: by.to_owned(), until: now.plus_millis(ttl) }
    }
}

/// How far an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderEventState {
    /// It is known and nobody took it.
    Received,
    /// Somebody works on it.
    Processing(EventClaim),
    /// It is done.
    Processed {
        /// When that was said.
        at: Timestamp,
    },
    /// It could not be done.
    Failed {
        /// Another try may go better.
        retryable: bool,
        /// Why, redacted.
        error: Option<String>,
    },
}

impl ProviderEventState {
    /// The name on the wire and in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing(_) => "processing",
            Self::Processed { .. } => "processed",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether somebody may work on it now.
    pub fn is_claimable(&self, now: Timestamp) -> bool {
        match self {
            Self::Received => true,
            Self::Processing(claim) => claim.until <= now,
            Self::Processed { .. } => false,
            Self::Failed { retryable, .. } => *retryable,
        }
    }
}

/// What a claimant says at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderEventOutcome {
    /// It is done.
    Processed,
    /// It could not be done.
    Failed {
        /// Another try may go better.
        retryable: bool,
        /// Why, as the claimant says it.
        error: Option<String>,
    },
}

/// The event is not there, or somebody else's to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Provider event claim was not found.")]
pub struct NotClaimant;

/// One event (contract 04 §2).
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderEvent {
    /// What makes it this one.
    pub key: ProviderEventKey,
    /// How far it is.
    pub state: ProviderEventState,
    /// How often it was claimed.
    pub attempts: u32,
    /// What the latest claimant said about it.
    pub metadata: Map<String, Value>,
    /// When it was first told of.
    pub created_at: Timestamp,
    /// When somebody last asked for it or completed it.
    pub updated_at: Timestamp,
}

impl ProviderEvent {
    /// An event that nobody told of before.
    pub fn first(key: ProviderEventKey, claim: EventClaim, metadata: Map<String, Value>, now: Timestamp) -> Self {
        let metadata = with_binding(metadata, &key);
        Self { key, state: ProviderEventState::Processing(claim), attempts: 1, metadata, created_at: now, updated_at: now }
    }

    /// Gives it to whoever asks, if it is free; says whether it was.
    #[must_use]
    pub fn claim(mut self, claim: EventClaim, metadata: Map<String, Value>, now: Timestamp) -> (Self, bool) {
        self.updated_at = now;
        if !self.state.is_claimable(now) {
            return (self, false);
        }
        self.metadata = with_binding(metadata, &self.key);
        self.state = ProviderEventState::Processing(claim);
        self.attempts = self.attempts.saturating_add(1);
        (self, true)
    }

    /// Ends the claim of `by`. One that ran out still counts as long as nobody else took the event: its work was done.
    pub fn complete(self, by: &str, outcome: ProviderEventOutcome, now: Timestamp) -> Result<Self, NotClaimant> {
        let ProviderEventState::Processing(claim) = &self.state else { return Err(NotClaimant) };
        if claim.by != by {
            return Err(NotClaimant);
        }
        let state = match outcome {
            ProviderEventOutcome::Processed => ProviderEventState::Processed { at: now },
            ProviderEventOutcome::Failed { retryable, error } => {
                ProviderEventState::Failed { retryable, error: error.as_deref().map(kept_error) }
            }
        };
        Ok(Self { state, updated_at: now, ..self })
    }
}

/// An error as it may be kept: without secrets and home paths, and never long.
fn kept_error(error: &str) -> String {
    redaction::public_text(error, LONGEST_ERROR).replace('\0', "\u{fffd}")
}

/// The metadata names the binding, so that whoever reads it alone knows where it came from.
fn with_binding(mut metadata: Map<String, Value>, key: &ProviderEventKey) -> Map<String, Value> {
    metadata.insert("channelBindingId".to_owned(), key.binding.as_str().into());
    metadata
}

impl Serialize for ProviderEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claim = match &self.state {
            ProviderEventState::Processing(claim) => Some(claim),
            _ => None,
        };
        let (retryable, last_error) = match &self.state {
            ProviderEventState::Received | ProviderEventState::Processing(_) => (true, None),
            ProviderEventState::Processed { .. } => (false, None),
            ProviderEventState::Failed { retryable, error } => (*retryable, error.as_deref()),
        };
        let processed_at = match self.state {
            ProviderEventState::Processed { at } => Some(at),
            _ => None,
        };
        let record = Record {
            event_id: self.key.id(),
            org_id: &self.key.org,
            channel_binding_id: &self.key.binding,
            provider: &self.key.provider,
            provider_instance_id: &self.key.instance,
            external_workspace_id: self.key.workspace.as_deref(),
            provider_event_id: &self.key.event,
            event_type: self.key.kind,
            status: self.state.as_str(),
            claimed_by: claim.map(|claim| claim.by.as_str()),
            claim_expires_at: claim.map(|claim| claim.until),
            attempt_count: self.attempts,
            retryable,
            last_error,
            metadata: &self.metadata,
            processed_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        record.serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_id: String,
    org_id: &'a OrgId,
    channel_binding_id: &'a ChannelBindingId,
    provider: &'a ChannelProvider,
    provider_instance_id: &'a str,
    external_workspace_id: Option<&'a str>,
    provider_event_id: &'a str,
    event_type: ProviderEventType,
    status: &'static str,
    claimed_by: Option<&'a str>,
    claim_expires_at: Option<Timestamp>,
    attempt_count: u32,
    retryable: bool,
    last_error: Option<&'a str>,
    metadata: &'a Map<String, Value>,
    processed_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[cfg(test)]
mod tests;
