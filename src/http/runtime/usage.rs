//! What the organisation used lately, as diagnostics show it (contract 03 §4).

use cowork_domain::{audit::UsageRow, redact, timestamp::Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// So many events are looked at.
pub(super) const SAMPLE: u32 = 200;

pub(super) fn summary(rows: &[UsageRow], at: Timestamp) -> Value {
    let mut totals: BTreeMap<(&str, &'static str), i64> = BTreeMap::new();
    for row in rows {
        let total = totals.entry((&row.event_type, row.unit.as_str())).or_default();
        *total = total.saturating_add(row.quantity);
    }
    let totals =
        totals.into_iter().map(|((event_type, unit), quantity)| json!({ "eventType": event_type, "unit": unit, "quantity": quantity }));
    json!({
        "enabled": true,
        "generatedAt": at,
        "totalsScope": "recent_events",
        "eventSampleLimit": SAMPLE,
        "events": rows.iter().map(event).collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<_>>(),
        "quotas": [],
    })
}

fn event(row: &UsageRow) -> Value {
    json!({
        "eventId": row.id, "orgId": row.org, "accountId": row.account, "eventType": row.event_type, "quantity": row.quantity,
        "unit": row.unit.as_str(), "metadata": without_secrets(&row.metadata), "createdAt": row.at,
    })
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
