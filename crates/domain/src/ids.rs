//! Typed identifiers and counters.
//!
//! Keys are UUIDs inside and prefixed text outside (`ses_<32 hex>`), so that an identifier in a log
//! says what it names and needs no percent-encoding in a path (contract 00 §1).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0} identifier")]
pub struct ParseIdError(pub(crate) &'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The text in front of the 32 hex digits.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps the key as it is stored.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The key as it is stored.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str($prefix)?;
                formatter.write_str(self.0.simple().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let hex = text.strip_prefix($prefix).ok_or(ParseIdError(stringify!($name)))?;
                let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !canonical {
                    return Err(ParseIdError(stringify!($name)));
                }
                Uuid::try_parse(hex).map(Self).map_err(|_| ParseIdError(stringify!($name)))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

uuid_id!(
    /// A session: the unit of ownership, and the name of its log.
    SessionId, "ses_"
);
uuid_id!(
    /// A command of a session. The same id has one effect (invariant I5).
    CommandId, "cmd_"
);
uuid_id!(
    /// The stream of one user over all sessions: (tenant, user).
    WorkspaceId, "wsp_"
);
uuid_id!(
    /// An audit row.
    AuditId, "audit_"
);
uuid_id!(
    /// A usage row.
    UsageId, "usage_"
);

uuid_id!(
    /// A browser that is signed in.
    BrowserSessionId, "bses_"
);

uuid_id!(
    /// A provider key that an organisation saved. It names the record; the key itself is sealed.
    SecretId, "byok_"
);

impl WorkspaceId {
    /// The workspace of a user; the same pair always gives the same key, so no lookup is needed.
    pub fn of(tenant: &TenantId, user: &UserId) -> Self {
        Self(derived_uuid(&["workspace", tenant.as_str(), user.as_str()]))
    }
}

/// The contract's stable id (00 §11): a prefix, and 32 hex digits of the SHA-256 of the parts, joined by NUL.
pub fn stable_id(prefix: &str, parts: &[&str]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(digest(parts)));
    format!("{prefix}_{hex}")
}

/// A UUID (version 8, RFC 9562) made of the SHA-256 of the parts, joined by NUL.
pub fn derived_uuid(parts: &[&str]) -> Uuid {
    uuid::Builder::from_custom_bytes(digest(parts)).into_uuid()
}

/// The first half of the SHA-256 of the parts, joined by NUL.
fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes
}

// A name as a credential, a row or a client says it.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name that came from a credential or a row.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    };
}

pub(crate) use text_id;

text_id!(
    /// A tenant as its identity provider names it. Sessions belong to (tenant, user).
    TenantId
);
text_id!(
    /// An organisation. Quotas, keys and audit belong to it.
    OrgId
);
text_id!(
    /// A user within a tenant.
    UserId
);

text_id!(
    /// An API token's public part: `tok_` and 16 characters of base64url (contract 00 §3.3).
    TokenId
);

/// Position in a session's log, or in a workspace's stream: dense from 1 (invariant I1).
/// Zero means "before the first event".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The position that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// How often a shard changed hands. A write under an old epoch is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

/// One life of a node. A node that was fenced comes back with a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub i64);

/// The number of a node in the `nodes` table; also the key of its advisory locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeNumber(pub i32);

/// A slice of the entities. The count is fixed when the cluster is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(pub i32);

impl ShardId {
    /// How many shards a new cluster gets.
    pub const DEFAULT_COUNT: i32 = 256;

    /// The shard of an entity: a stable hash of its key.
    pub fn of(key: Uuid, count: i32) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325; // FNV-1a, 64 bit: stable over releases and machines
        for byte in key.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let count = u64::try_from(count.max(1)).unwrap_or(1);
        Self(i32::try_from(hash % count).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_what_it_prints_and_nothing_else() {
        let id = SessionId::from_uuid(Uuid::from_u128(0x1234));
        assert_eq!(id.to_string(), "ses_00000000000000000000000000001234");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "ses_",
            "cmd_00000000000000000000000000001234",
            "ses_0000000000000000000000000000123G",
            "ses_00000000-0000-0000-0000-000000001234",
        ] {
            assert!(wrong.parse::<SessionId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_workspace_key_depends_on_both_names_and_on_where_they_are_cut() {
        let of = |tenant: &str, user: &str| WorkspaceId::of(&TenantId::new(tenant), &UserId::new(user));
        assert_eq!(of("a", "b"), of("a", "b"));
        assert_ne!(of("a", "bc"), of("ab", "c"));
    }
}
