//! Commands: what clients ask of a session, and how far each has come (contract 01 §1.5, §4).

use super::SessionIdentity;
use crate::{
    channel::ids::{ChannelSessionId, IdentityId},
    ids::{CommandId, SessionId, TenantId, UserId},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub enum CommandKind {
    /// Run an agent on a text.
    #[serde(rename = "prompt")]
    Prompt {
        /// Stored untrimmed.
        text: String,
        /// Default `build`.
        agent: String,
        /// `provider/model`; our addition, absent for upstream's clients.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// Stop the running prompt.
    #[serde(rename = "abort")]
    Abort {},
    /// Answer a permission request.
    #[serde(rename = "permission.respond", rename_all = "camelCase")]
    PermissionRespond {
        /// The request.
        permission_id: String,
        /// Any JSON; see [`CommandKind::allows`].
        response: Value,
    },
    /// Answer a question.
    #[serde(rename = "question.reply", rename_all = "camelCase")]
    QuestionReply {
        /// The request.
        request_id: String,
        /// Any JSON items.
        answers: Vec<Value>,
    },
    /// Refuse to answer.
    #[serde(rename = "question.reject", rename_all = "camelCase")]
    QuestionReject {
        /// The request.
        request_id: String,
    },
}

impl CommandKind {
    /// The name on the wire and in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::Abort {} => "abort",
            Self::PermissionRespond { .. } => "permission.respond",
            Self::QuestionReply { .. } => "question.reply",
            Self::QuestionReject { .. } => "question.reject",
        }
    }

    /// The payload as the record shows it.
    pub fn payload(&self) -> Value {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut tagged)) => tagged.remove("payload").unwrap_or_else(|| json!({})),
            _ => json!({}),
        }
    }

    /// The command that a row describes.
    pub fn from_row(kind: &str, payload: Value) -> Option<Self> {
        let tagged = [("kind".to_owned(), Value::from(kind)), ("payload".to_owned(), payload)];
        serde_json::from_value(tagged.into_iter().collect()).ok()
    }

    /// Whether a permission response grants it: `true`, `"allow"`, `"once"` or `{"allowed": true}`;
    /// everything else denies (contract 01, permission-respond).
    pub fn allows(response: &Value) -> bool {
        match response {
            Value::Bool(allowed) => *allowed,
            Value::String(word) => word == "allow" || word == "once",
            Value::Object(fields) => fields.get("allowed") == Some(&Value::Bool(true)),
            _ => false,
        }
    }
}

/// How far a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandStatus {
    /// Waits for its turn.
    Pending,
    /// Its turn runs.
    Running,
    /// Done.
    Acked,
    /// Given up.
    Failed,
}

impl CommandStatus {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Acked => "acked",
            Self::Failed => "failed",
        }
    }

    /// The status with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Acked, Self::Failed].into_iter().find(|status| status.as_str() == name)
    }

    /// Nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Acked | Self::Failed)
    }
}

/// A command on its way in.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Minted at the front door; the same id has one effect.
    pub id: CommandId,
    /// What is asked.
    pub kind: CommandKind,
    /// Who asks.
    pub by: Principal,
    /// From where.
    pub source: CommandSource,
}

/// Where a command comes from: it doesn't matter to the session, but to bills and auditors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommandSource {
    /// A client of ours.
    #[default]
    Api,
    /// Somebody in a chat, through a gateway, which asks with an account's token.
    Channel {
        /// In which thread.
        thread: ChannelSessionId,
        /// Who there.
        identity: IdentityId,
    },
    /// Somebody in a chat, who answered what was asked there: the audit log has the answer as one of that interaction.
    Interaction,
}

impl CommandSource {
    /// The name in usage rows.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Channel { .. } | Self::Interaction => "gateway",
        }
    }

    /// Whether it is a client of ours.
    pub const fn is_api(&self) -> bool {
        matches!(self, Self::Api)
    }
}

/// A command's row, whole for a new one and for a change alike.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandWrite {
    /// Its id.
    pub id: CommandId,
    /// What is asked.
    pub kind: CommandKind,
    /// Its place among the session's commands, from 1.
    pub created_sequence: u64,
    /// When it came.
    pub created_at: Timestamp,
    /// How far it is. Only moves forward, except that parking returns a prompt to `pending`.
    pub status: CommandStatus,
    /// How many turns were started for it.
    pub attempt: u32,
    /// Why it failed: a stable code and a sentence.
    pub error: Option<(String, String)>,
    /// The row does not exist yet.
    pub is_new: bool,
}

/// The record that clients see (contract 01 §1.5).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct CommandRecord {
    pub command_id: CommandId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub kind: &'static str,
    pub payload: Value,
    pub target_lease_token: Option<String>,
    pub created_sequence: u64,
    pub created_at: Timestamp,
    pub status: CommandStatus,
    pub claimed_by: Option<String>,
    pub claimed_lease_token: Option<String>,
    pub attempt_count: u32,
    pub available_at: Option<Timestamp>,
    pub last_error_code: Option<String>,
    pub last_error_summary: Option<String>,
    pub acked_at: Option<Timestamp>,
    pub error: Option<String>,
}

impl CommandRecord {
    /// The record as it was enqueued, whatever has become of the command since (contract 01 §1.6).
    pub fn as_enqueued(identity: &SessionIdentity, command: &CommandWrite) -> Self {
        Self::enqueued(identity, command.id, &command.kind, command.created_sequence, command.created_at)
    }

    /// The record of a command that was enqueued at this place.
    pub fn enqueued(identity: &SessionIdentity, id: CommandId, kind: &CommandKind, created_sequence: u64, created_at: Timestamp) -> Self {
        Self {
            command_id: id,
            tenant_id: identity.tenant.clone(),
            user_id: identity.user.clone(),
            session_id: identity.session,
            kind: kind.as_str(),
            payload: kind.payload(),
            target_lease_token: None,
            created_sequence,
            created_at,
            status: CommandStatus::Pending,
            claimed_by: None,
            claimed_lease_token: None,
            attempt_count: 0,
            available_at: None,
            last_error_code: None,
            last_error_summary: None,
            acked_at: None,
            error: None,
        }
    }
}
