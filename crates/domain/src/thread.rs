//! The thread index: sessions as people mark them and look for them again (contract 05 §4).

use crate::{
    ids::{SessionId, TenantId, UserId},
    session::SessionStatus,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The colour of a tag that names none.
pub const DEFAULT_COLOR: &str = "#64748b";

/// A mark that a tenant's people put on their sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTag {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Names it.
    pub tag_id: Uuid,
    /// As people read it; no two of a tenant differ by case only.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A question that a tenant's people ask the index again and again. What it means is the clients' business.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SmartFilter {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Names it.
    pub filter_id: Uuid,
    /// As people read it.
    pub name: String,
    /// As it was given.
    pub query: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A session in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Whose it is there.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// Its title.
    pub title: Option<String>,
    /// Its profile.
    pub profile_name: String,
    /// What it does.
    pub status: SessionStatus,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its tags, by name.
    pub tags: Vec<ThreadTag>,
}

/// Whether a text is a colour as the index keeps them: `#` and six hexadecimal digits.
pub fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_is_six_digits_behind_a_hash() {
        for color in ["#64748b", "#ABCDEF", DEFAULT_COLOR] {
            assert!(is_color(color), "{color}");
        }
        for other in ["", "#", "64748b", "#64748", "#64748bb", "#64748g", "red", "#é4748"] {
            assert!(!is_color(other), "{other}");
        }
    }
}
