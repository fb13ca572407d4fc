//! An audit row as clients read it, and the same without anybody's home folder.

use cowork_domain::{
    audit::AuditRow,
    ids::{AuditId, OrgId, UserId},
    redact,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditRecord<'a> {
    event_id: AuditId,
    org_id: &'a OrgId,
    account_id: Option<&'a UserId>,
    event_type: &'a str,
    actor_type: &'static str,
    actor_id: Option<&'a str>,
    target_type: Option<&'a str>,
    target_id: Option<&'a str>,
    metadata: &'a Value,
    created_at: Timestamp,
}

impl<'a> AuditRecord<'a> {
    pub(super) fn of(row: &'a AuditRow) -> Self {
        Self {
            event_id: row.id,
            org_id: &row.org,
            account_id: row.account.as_ref(),
            event_type: &row.action,
            actor_type: row.actor_type.as_str(),
            actor_id: row.actor_id.as_deref(),
            target_type: row.target_type.as_deref(),
            target_id: row.target_id.as_deref(),
            metadata: &row.metadata,
            created_at: row.at,
        }
    }
}

/// Replaces home folders in every text that a person may have written.
pub(super) fn without_homes(row: AuditRow) -> AuditRow {
    let text = |text: String| redact::home_paths(&text).into_owned();
    AuditRow { actor_id: row.actor_id.map(text), target_id: row.target_id.map(text), metadata: value_without_homes(row.metadata), ..row }
}

fn value_without_homes(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact::home_paths(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(value_without_homes).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, value_without_homes(value))).collect(),
        other => other,
    }
}
