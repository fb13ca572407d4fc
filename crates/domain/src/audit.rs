//! Rows for auditors and for billing (contract 02 §10, 03 §4). Pure data.

mod action;
mod chain;
mod verification;
mod work;

pub use action::AuditAction;
pub use chain::{ChainHash, ChainRow, ParseChainHashError, Seal, SealHead};
pub use verification::{ChainDefect, ChainHead, ChainReport, ChainWalk, PlacedRow};
pub use work::{WorkPlace, WorkStep, WorkSteps, WorkUsage};

use crate::{
    ids::{AuditId, OrgId, SessionId, UsageId, UserId, derived_uuid},
    principal::{AuthSource, Principal, Role},
    redact,
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

/// Who did it, and for which account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditActor {
    /// What kind of actor.
    pub actor_type: ActorType,
    /// Names the actor: an account, a token, or a part of the server such as `sso_config.delete`.
    pub id: Option<String>,
    /// The account behind it; none for the system.
    pub account: Option<UserId>,
}

impl AuditActor {
    /// Whoever is behind a request.
    pub fn of(by: &Principal) -> Self {
        let actor_type = if by.auth_source == AuthSource::ApiToken { ActorType::ApiToken } else { ActorType::User };
        Self { actor_type, id: Some(by.account_id.to_string()), account: Some(by.account_id.clone()) }
    }

    /// A token by its public id, which acts for an account.
    pub fn token(id: &str, account: Option<&UserId>) -> Self {
        Self { actor_type: ActorType::ApiToken, id: Some(kept_text(id)), account: account.cloned() }
    }

    /// A part of the server.
    pub fn system(name: &str) -> Self {
        Self { actor_type: ActorType::System, id: Some(kept_text(name)), account: None }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditTarget {
    kind: &'static str,
    id: String,
}

impl AuditTarget {
    /// A thing of a kind, for example `membership`, by its public id.
    pub fn new(kind: &'static str, id: &str) -> Self {
        Self { kind, id: kept_text(id) }
    }
}

/// The longest text in an audit row, in characters.
const LONGEST_TEXT: usize = 256;
/// Parts of a key that say its value isn't for an audit log.
const HIDDEN_KEYS: [&str; 8] = ["token", "secret", "key", "password", "credential", "ref", "ciphertext", "envelope"];

impl AuditRow {
    /// What a principal did to a session. `cause` is the id of whatever caused it: the row's id is derived from it.
    pub fn on_session(by: &Principal, session: SessionId, cause: &str, action: AuditAction, metadata: Value, at: Timestamp) -> Self {
        Self::by(by, cause, action, &AuditTarget::new("session", &session.to_string()), metadata, at)
    }

    /// What a principal did. The row's id is derived from `cause`, the action and the target: the same deed, told again
    /// by a retry, is the same row, so two deeds need different causes. A rate-bounded event names its window there.
    pub fn by(by: &Principal, cause: &str, action: AuditAction, target: &AuditTarget, metadata: Value, at: Timestamp) -> Self {
        Self::by_actor(&by.org_id, AuditActor::of(by), cause, action, target, metadata, at)
    }

    /// What the server did by itself. `name` tells which part of it, for example `scim.deprovision`.
    pub fn by_system(
        org: &OrgId,
        name: &str,
        cause: &str,
        action: AuditAction,
        target: &AuditTarget,
        metadata: Value,
        at: Timestamp,
    ) -> Self {
        Self::by_actor(org, AuditActor::system(name), cause, action, target, metadata, at)
    }

    /// As [`Self::by`], for actors that no principal describes.
    pub fn by_actor(
        org: &OrgId,
        actor: AuditActor,
        cause: &str,
        action: AuditAction,
        target: &AuditTarget,
        metadata: Value,
        at: Timestamp,
    ) -> Self {
        Self {
            id: AuditId::from_uuid(derived_uuid(&["audit", org.as_str(), cause, action.as_str(), target.kind, &target.id])),
            org: org.clone(),
            account: actor.account,
            actor_type: actor.actor_type,
            actor_id: actor.id,
            action: action.as_str().to_owned(),
            target_type: Some(target.kind.to_owned()),
            target_id: Some(target.id.clone()),
            metadata: redacted_metadata(metadata),
            at,
        }
    }

    /// How it ended, where that is part of what is told.
    pub fn result(&self) -> Option<&str> {
        self.metadata.get("result").and_then(Value::as_str)
    }
}

/// Metadata as it may be kept: no value under a telling key, nothing that looks like a secret, no nesting, no long text
/// (contract 02 §10).
pub fn redacted_metadata(metadata: Value) -> Value {
    let Value::Object(fields) = metadata else { return Value::Object(Map::new()) };
    let fields = fields.into_iter().map(|(name, value)| {
        let lowered = name.to_ascii_lowercase();
        let value = if HIDDEN_KEYS.iter().any(|hidden| lowered.contains(hidden)) {
            Value::from(redact::REDACTED)
        } else {
            match value {
                Value::Object(_) | Value::Array(_) => Value::from("[object]"),
                Value::String(text) => kept_text(&redact::secrets(&text)).into(),
                other => other,
            }
        };
        (kept_text(&name), value)
    });
    Value::Object(fields.collect())
}

/// Short enough, and without the one character that the database can't store: it would take the whole transaction down.
fn kept_text(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(|character| if character == '\0' { '\u{fffd}' } else { character }).collect()
}

/// Whether a reader of the audit log may export it with nothing replaced (contract 02 §10). A token got this far with the
/// admin scope, which is enough.
pub fn may_export_unredacted(by: &Principal) -> bool {
    matches!(by.role, Role::Owner | Role::Admin) || by.auth_source == AuthSource::ApiToken
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

/// What a model call cost, in tokens and perhaps in dollars.
pub(crate) const MODEL_TOKENS: &str = "model.tokens";

impl UsageRow {
    /// Whether it says what a model cost, which an organisation's budget counts.
    pub fn is_of_a_model(&self) -> bool {
        self.event_type == MODEL_TOKENS
    }

    /// So many bytes, as [`Self::once`] otherwise.
    pub fn bytes(org: &OrgId, account: Option<&UserId>, cause: &str, event_type: &str, bytes: i64, metadata: Value, at: Timestamp) -> Self {
        Self { quantity: bytes, unit: UsageUnit::Byte, ..Self::once(org, account, cause, event_type, metadata, at) }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_keeps_no_secrets_and_no_nesting() {
        let kept = redacted_metadata(json!({"keyFingerprint": "ab", "scopes": ["desktop"], "name": "x".repeat(300), "ok": true}));
        assert_eq!(kept, json!({"keyFingerprint": "[redacted]", "scopes": "[object]", "name": "x".repeat(256), "ok": true}));
        let kept = redacted_metadata(json!({"reason": "refused sk-abcdefgh1234 \0", "n\0": 1}));
        assert_eq!(kept, json!({"reason": "refused [redacted] \u{fffd}", "n\u{fffd}": 1}));
        assert_eq!(redacted_metadata(json!(["not", "an", "object"])), json!({}));
    }

    #[test]
    fn a_deed_is_one_row_however_often_it_is_told_and_two_deeds_are_two() {
        let row = |org: &str, cause: &str, action, target: &str| {
            let (org, target) = (OrgId::new(org), AuditTarget::new("byok_secret", target));
            AuditRow::by_system(&org, "byok", cause, action, &target, Value::Null, Timestamp::from_millis(0))
        };
        let first = row("acme", "c", AuditAction::ByokSecretDisabled, "k1");
        assert_eq!(first, row("acme", "c", AuditAction::ByokSecretDisabled, "k1"));
        for other in [
            row("other", "c", AuditAction::ByokSecretDisabled, "k1"),
            row("acme", "d", AuditAction::ByokSecretDisabled, "k1"),
            row("acme", "c", AuditAction::ByokSecretRotated, "k1"),
            row("acme", "c", AuditAction::ByokSecretDisabled, "k2"),
        ] {
            assert_ne!(first.id, other.id);
        }
        assert_eq!((first.actor_type, first.account.as_ref(), &first.metadata), (ActorType::System, None, &json!({})));
    }
}
