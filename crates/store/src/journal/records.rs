//! Rows that travel to the journal as JSON, because they are rarer than events: new sessions, usage, audit.
//! The names of the fields are those of the columns.

use super::Append;
use cowork_domain::{
    audit::{AuditRow, UsageRow},
    ids::UserId,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The rows as JSON text, or nothing.
pub(crate) fn array<T: Serialize>(rows: impl Iterator<Item = T>) -> Option<String> {
    let rows: Vec<T> = rows.collect();
    (!rows.is_empty()).then(|| serde_json::to_string(&rows).expect("structs of texts, numbers and JSON values always serialise"))
}

/// The parts of a session's row that never change.
#[derive(Serialize)]
pub(super) struct NewSession<'a> {
    session: Uuid,
    workspace: Uuid,
    tenant: &'a str,
    user_id: &'a str,
    org: &'a str,
    shard: i32,
    profile_name: &'a str,
    created_at: Timestamp,
}

impl<'a> NewSession<'a> {
    pub(super) fn of(append: &'a Append) -> Self {
        let identity = &append.identity;
        Self {
            session: identity.session.as_uuid(),
            workspace: append.workspace.as_uuid(),
            tenant: identity.tenant.as_str(),
            user_id: identity.user.as_str(),
            org: identity.org.as_str(),
            shard: append.shard.0,
            profile_name: &identity.profile_name,
            created_at: identity.created_at,
        }
    }
}

/// A usage row.
#[derive(Serialize)]
pub(crate) struct Usage<'a> {
    id: Uuid,
    org: &'a str,
    account_id: Option<&'a str>,
    event_type: &'a str,
    quantity: i64,
    unit: &'static str,
    metadata: &'a Value,
    created_at: Timestamp,
}

impl<'a> Usage<'a> {
    pub(crate) fn of(row: &'a UsageRow) -> Self {
        Self {
            id: row.id.as_uuid(),
            org: row.org.as_str(),
            account_id: row.account.as_ref().map(UserId::as_str),
            event_type: &row.event_type,
            quantity: row.quantity,
            unit: row.unit.as_str(),
            metadata: &row.metadata,
            created_at: row.at,
        }
    }
}

/// An audit row.
#[derive(Serialize)]
pub(crate) struct Audit<'a> {
    id: Uuid,
    org: &'a str,
    event_type: &'a str,
    actor_type: &'static str,
    actor_id: Option<&'a str>,
    account_id: Option<&'a str>,
    target_type: Option<&'a str>,
    target_id: Option<&'a str>,
    metadata: &'a Value,
    created_at: Timestamp,
}

impl<'a> Audit<'a> {
    pub(crate) fn of(row: &'a AuditRow) -> Self {
        Self {
            id: row.id.as_uuid(),
            org: row.org.as_str(),
            event_type: &row.action,
            actor_type: row.actor_type.as_str(),
            actor_id: row.actor_id.as_deref(),
            account_id: row.account.as_ref().map(UserId::as_str),
            target_type: row.target_type.as_deref(),
            target_id: row.target_id.as_deref(),
            metadata: &row.metadata,
            created_at: row.at,
        }
    }
}
