//! The cursor of the audit list: opaque to clients, bound to the list it came from (contract 00 §10).

use super::filter;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cowork_domain::{
    ids::{AuditId, derived_uuid},
    principal::Principal,
    timestamp::Timestamp,
};
use cowork_store::{AuditFilter, AuditPlace};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The cursor is malformed, or belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is malformed or belongs to another list")]
pub(super) struct InvalidCursor;

/// Names the list: whose log, who reads it, and which filters.
pub(super) fn scope(principal: &Principal, filter: &AuditFilter) -> Uuid {
    let filters = filter::parts(filter).map(|(_, value)| value.map_or(String::new(), |text| format!("={text}")));
    let owner = [principal.tenant_id.as_str(), principal.org_id.as_str(), principal.user_id.as_str()];
    let parts: Vec<&str> = ["audit"].into_iter().chain(owner).chain(filters.iter().map(String::as_str)).collect();
    derived_uuid(&parts)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    v: u8,
    /// Milliseconds, as rows are written with them.
    created_at: i64,
    event_id: AuditId,
    scope: Uuid,
}

/// Points behind a row of a list.
pub(super) fn encode(scope: Uuid, place: AuditPlace) -> String {
    let content = Content { v: 1, created_at: place.at.as_millis(), event_id: place.id, scope };
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).expect("numbers and text always serialise"))
}

/// The place that a cursor points behind.
pub(super) fn decode(cursor: &str, scope: Uuid) -> Result<AuditPlace, InvalidCursor> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).map_err(|_| InvalidCursor)?;
    let content: Content = serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
    if content.v != 1 || content.scope != scope {
        return Err(InvalidCursor);
    }
    Ok(AuditPlace { at: Timestamp::from_millis(content.created_at), id: content.event_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_row_and_only_in_its_own_list() {
        let place = AuditPlace { at: Timestamp::from_millis(1_772_600_000_123), id: AuditId::from_uuid(Uuid::from_u128(7)) };
        let (list, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let cursor = encode(list, place);
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(decode(&cursor, list), Ok(place));
        assert_eq!(decode(&cursor, other), Err(InvalidCursor));
        for malformed in ["x", "e30", "é", &cursor[..cursor.len() - 4]] {
            assert_eq!(decode(malformed, list), Err(InvalidCursor), "{malformed}");
        }
    }
}
