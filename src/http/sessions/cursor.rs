//! The cursor of the session list: opaque to clients, bound to the list it came from
//! (contract 00 §10).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cowork_domain::{
    ids::{SessionId, derived_uuid},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The cursor is malformed, or belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is malformed or belongs to another list")]
pub(super) struct InvalidCursor;

/// Names the list: whose sessions, and which filters.
pub(super) fn scope(principal: &Principal, filters: [Option<&str>; 3]) -> Uuid {
    let [status, profile, query] = filters.map(|filter| filter.map_or(String::new(), |text| format!("={text}")));
    derived_uuid(&["sessions", principal.tenant_id.as_str(), principal.user_id.as_str(), &status, &profile, &query])
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    v: u8,
    /// Milliseconds, as the list is ordered by them.
    updated_at: i64,
    session_id: SessionId,
    scope: Uuid,
}

/// Points behind a row of a list.
pub(super) fn encode(scope: Uuid, updated_at: Timestamp, session_id: SessionId) -> String {
    let content = Content { v: 1, updated_at: updated_at.as_millis(), session_id, scope };
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).expect("numbers and text always serialise"))
}

/// The row that a cursor points behind.
pub(super) fn decode(cursor: &str, scope: Uuid) -> Result<(Timestamp, SessionId), InvalidCursor> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).map_err(|_| InvalidCursor)?;
    let content: Content = serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
    if content.v != 1 || content.scope != scope {
        return Err(InvalidCursor);
    }
    Ok((Timestamp::from_millis(content.updated_at), content.session_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::{
        ids::{OrgId, TenantId, UserId},
        principal::{AuthSource, Role},
    };

    fn principal(user: &str) -> Principal {
        Principal {
            tenant_id: TenantId::new("acme"),
            org_id: OrgId::new("acme"),
            tenant_name: "Acme".into(),
            user_id: UserId::new(user),
            account_id: UserId::new(user),
            email: String::new(),
            role: Role::Member,
            auth_source: AuthSource::Header,
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_row_and_only_in_its_own_list() {
        let (at, id) = (Timestamp::from_millis(1_772_600_000_123), SessionId::from_uuid(Uuid::from_u128(7)));
        let kims = scope(&principal("kim"), [Some("idle"), None, None]);
        let cursor = encode(kims, at, id);
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(decode(&cursor, kims), Ok((at, id)));
        for other in [scope(&principal("lee"), [Some("idle"), None, None]), scope(&principal("kim"), [None, Some("idle"), None])] {
            assert_eq!(decode(&cursor, other), Err(InvalidCursor));
        }
        for malformed in ["x", "e30", "é", &cursor[..cursor.len() - 4]] {
            assert_eq!(decode(malformed, kims), Err(InvalidCursor), "{malformed}");
        }
    }
}
