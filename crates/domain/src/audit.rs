//! Rows that a session leaves for auditors and for billing (contract 02 §10, 03 §4). Pure data.

use crate::{
    ids::{AuditId, CommandId, OrgId, SessionId, UsageId, UserId, derived_uuid},
    principal::{AuthSource, Principal},
    timestamp::Timestamp,
};
use serde_json::{Map, Value};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorType {
    /// A person.
    User,
    /// A token acting for a person.
    ApiToken,
    /// The server itself.
    System,
}

impl ActorType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiToken => "api_token",
            Self::System => "system",
        }
    }

    /// The type with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::User, Self::ApiToken, Self::System].into_iter().find(|actor| actor.as_str() == name)
    }
}

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Derived from what was done, so that a retry is the same row.
    pub id: AuditId,
    /// Whose log it belongs to.
    pub org: OrgId,
    /// The account that did it; none for the system.
    pub account: Option<UserId>,
    /// Who did it.
    pub actor_type: ActorType,
    /// The actor's id.
    pub actor_id: Option<String>,
    /// The event type, for example `command.prompt`.
    pub action: String,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target_id: Option<String>,
    /// An object, redacted.
    pub metadata: Value,
    /// When.
    pub at: Timestamp,
}

/// The longest text in audit metadata, in characters.
const METADATA_TEXT: usize = 256;
/// Parts of a key that say its value isn't for an audit log.
const HIDDEN_KEYS: [&str; 8] = ["token", "secret", "key", "password", "credential", "ref", "ciphertext", "envelope"];

impl AuditRow {
    /// What a principal did to a session. `cause` is the id of whatever caused it: the row's id is derived from it.
    pub fn on_session(by: &Principal, session: SessionId, cause: &str, action: &str, metadata: Value, at: Timestamp) -> Self {
        Self {
            id: AuditId::from_uuid(derived_uuid(&["audit", cause, action])),
            org: by.org_id.clone(),
            account: Some(by.account_id.clone()),
            actor_type: if by.auth_source == AuthSource::ApiToken { ActorType::ApiToken } else { ActorType::User },
            actor_id: Some(by.account_id.to_string()),
            action: action.to_owned(),
            target_type: Some("session".to_owned()),
            target_id: Some(session.to_string()),
            metadata: redacted_metadata(metadata),
            at,
        }
    }
}

/// Metadata as it may be kept: no value under a telling key, no nesting, no long text (contract 02 §10).
pub fn redacted_metadata(metadata: Value) -> Value {
    let Value::Object(fields) = metadata else { return Value::Object(Map::new()) };
    let fields = fields.into_iter().map(|(name, value)| {
        let lowered = name.to_ascii_lowercase();
        let value = if HIDDEN_KEYS.iter().any(|hidden| lowered.contains(hidden)) {
            Value::from("[redacted]")
        } else {
            match value {
                Value::Object(_) | Value::Array(_) => Value::from("[object]"),
                Value::String(text) if text.len() > METADATA_TEXT => text.chars().take(METADATA_TEXT).collect::<String>().into(),
                other => other,
            }
        };
        (name, value)
    });
    Value::Object(fields.collect())
}

/// What a quantity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageUnit {
    /// Occurrences.
    Count,
    /// Bytes.
    Byte,
    /// Minutes of a worker.
    Minute,
}

impl UsageUnit {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Byte => "byte",
            Self::Minute => "minute",
        }
    }

    /// The unit with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Count, Self::Byte, Self::Minute].into_iter().find(|unit| unit.as_str() == name)
    }
}

/// One thing that was used.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRow {
    /// Derived from what was used, so that a retry is the same row.
    pub id: UsageId,
    /// Who pays.
    pub org: OrgId,
    /// Who caused it; none for the system.
    pub account: Option<UserId>,
    /// What was used, for example `prompt.enqueued`.
    pub event_type: String,
    /// How much.
    pub quantity: i64,
    /// Of what.
    pub unit: UsageUnit,
    /// An object.
    pub metadata: Value,
    /// When.
    pub at: Timestamp,
}

impl UsageRow {
    /// One occurrence. `cause` is the id of whatever caused it: the row's id is derived from it.
    pub fn once(org: &OrgId, account: Option<&UserId>, cause: &str, event_type: &str, metadata: Value, at: Timestamp) -> Self {
        Self {
            id: UsageId::from_uuid(derived_uuid(&["usage", cause, event_type])),
            org: org.clone(),
            account: account.cloned(),
            event_type: event_type.to_owned(),
            quantity: 1,
            unit: UsageUnit::Count,
            metadata,
            at,
        }
    }
}

/// The cause of rows that belong to one attempt of a command.
pub fn attempt_cause(command: CommandId, attempt: u32) -> String {
    format!("{command}:{attempt}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_keeps_no_secrets_and_no_nesting() {
        let kept = redacted_metadata(json!({"keyFingerprint": "ab", "scopes": ["desktop"], "name": "x".repeat(300), "ok": true}));
        assert_eq!(kept, json!({"keyFingerprint": "[redacted]", "scopes": "[object]", "name": "x".repeat(256), "ok": true}));
    }
}
