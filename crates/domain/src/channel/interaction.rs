//! A permission or a question that somebody in a chat may answer once (contract 04 §6).
//!
//! Whoever shows the token of an interaction chooses it; whether they may answer is asked of the identity behind the message.
//! Several interactions for one target are independent. Using one and deciding which command follows is one step, so that a
//! node that dies right after it leaves a command that somebody can still send: the command's id follows from the interaction,
//! and a session takes the same id once.

pub mod audit;

use super::{
    ids::{AgentId, ChannelBindingId, ChannelSessionId},
    provider::ChannelProvider,
    word::words,
};
use crate::{
    ids::{CommandId, OrgId, SessionId, derived_uuid, stable_id},
    session::CommandKind,
    timestamp::Timestamp,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// How long an interaction is open unless its maker says otherwise, in milliseconds.
pub const OPEN_MS: i64 = 10 * 60 * 1000;

words! {
    /// What is asked.
    InteractionKind {
        /// May the agent do this?
        Permission = "permission",
        /// What does the person say?
        Question = "question",
    }
}

/// How far an interaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InteractionState {
    /// It waits for somebody.
    Pending,
    /// Somebody answered.
    Used {
        /// When.
        at: Timestamp,
    },
    /// Nobody answered in time.
    Expired,
    /// It was taken back.
    Revoked,
}

impl InteractionState {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Used { .. } => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Nobody can use it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Channel interaction was already resolved.")]
pub struct NotPending;

/// What a person decided.
#[derive(Debug, Clone, PartialEq)]
pub struct InteractionAnswer {
    /// To a permission: any JSON, taken over as it is.
    pub response: Value,
    /// To a question.
    pub answers: Vec<Value>,
    /// The question is not answered.
    pub reject: bool,
}

/// One interaction, without the hash of its token, which only the database has.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// Names it.
    pub id: String,
    /// Whose it is.
    pub org: OrgId,
    /// Who asks.
    pub agent: AgentId,
    /// In which channel.
    pub binding: ChannelBindingId,
    /// In which thread.
    pub session_binding: ChannelSessionId,
    /// Whose answer it is.
    pub session: SessionId,
    /// The chat system.
    pub provider: ChannelProvider,
    /// What the gateway calls it.
    pub external_id: Option<String>,
    /// What is asked.
    pub kind: InteractionKind,
    /// The permission or the question.
    pub target: String,
    /// How far it is.
    pub state: InteractionState,
    /// When it is too late.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Interaction {
    /// The id of what a gateway calls `seed`.
    pub fn id_of_seed(org: &OrgId, binding: &ChannelBindingId, seed: &str) -> String {
        stable_id("channel_interaction", &[org.as_str(), binding.as_str(), seed])
    }

    /// As somebody who looks at it now finds it.
    #[must_use]
    pub fn seen(self, now: Timestamp) -> Self {
        if self.state == InteractionState::Pending && self.expires_at <= now {
            return Self { state: InteractionState::Expired, updated_at: now, ..self };
        }
        self
    }

    /// Somebody answers.
    pub fn used(self, now: Timestamp) -> Result<Self, NotPending> {
        let seen = self.seen(now);
        if seen.state != InteractionState::Pending {
            return Err(NotPending);
        }
        Ok(Self { state: InteractionState::Used { at: now }, updated_at: now, ..seen })
    }

    /// What the session is told.
    pub fn command(&self, answer: InteractionAnswer) -> CommandKind {
        let target = self.target.clone();
        match (self.kind, answer.reject) {
            (InteractionKind::Permission, _) => CommandKind::PermissionRespond { permission_id: target, response: answer.response },
            (InteractionKind::Question, true) => CommandKind::QuestionReject { request_id: target },
            (InteractionKind::Question, false) => CommandKind::QuestionReply { request_id: target, answers: answer.answers },
        }
    }

    /// The id of that command: one interaction has one effect, however often it is told.
    pub fn command_id(&self) -> CommandId {
        CommandId::from_uuid(derived_uuid(&["channel_interaction_command", self.org.as_str(), &self.id]))
    }
}

impl Serialize for Interaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let used_at = match self.state {
            InteractionState::Used { at } => Some(at),
            _ => None,
        };
        let record = Record {
            interaction_id: &self.id,
            org_id: &self.org,
            agent_id: &self.agent,
            channel_binding_id: &self.binding,
            session_binding_id: &self.session_binding,
            session_id: self.session,
            provider: &self.provider,
            external_interaction_id: self.external_id.as_deref(),
            kind: self.kind,
            target_id: &self.target,
            status: self.state.as_str(),
            created_by_identity_id: None,
            expires_at: self.expires_at,
            used_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        record.serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    interaction_id: &'a str,
    org_id: &'a OrgId,
    agent_id: &'a AgentId,
    channel_binding_id: &'a ChannelBindingId,
    session_binding_id: &'a ChannelSessionId,
    session_id: SessionId,
    provider: &'a ChannelProvider,
    external_interaction_id: Option<&'a str>,
    kind: InteractionKind,
    target_id: &'a str,
    status: &'static str,
    /// Gateways make interactions, people never do.
    created_by_identity_id: Option<&'a str>,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[cfg(test)]
mod tests;
