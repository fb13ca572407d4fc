//! A usage row as it is shown.

use cowork_domain::{
    audit::UsageRow,
    ids::{OrgId, UsageId, UserId},
    redact,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// One thing that was used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageEvent<'a> {
    event_id: UsageId,
    org_id: &'a OrgId,
    account_id: Option<&'a UserId>,
    event_type: &'a str,
    quantity: i64,
    unit: &'static str,
    metadata: Value,
    created_at: Timestamp,
}

impl<'a> UsageEvent<'a> {
    pub(super) fn of(row: &'a UsageRow) -> Self {
        Self {
            event_id: row.id,
            org_id: &row.org,
            account_id: row.account.as_ref(),
            event_type: &row.event_type,
            quantity: row.quantity,
            unit: row.unit.as_str(),
            metadata: without_secrets(&row.metadata),
            created_at: row.at,
        }
    }
}

/// Metadata holds ids, but what is handed to support is looked through once more.
fn without_secrets(metadata: &Value) -> Value {
    match metadata {
        Value::String(text) => redact::home_paths(&redact::secrets(text)).into_owned().into(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        Value::Object(fields) => {
            let fields: Map<String, Value> = fields.iter().map(|(name, value)| (name.clone(), without_secrets(value))).collect();
            Value::Object(fields)
        }
        other => other.clone(),
    }
}
