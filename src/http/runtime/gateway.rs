//! The channel gateway as diagnostics show it. A deployment without channels has none of any kind.

use serde_json::{Value, json};

/// So many deliveries are looked at.
const SAMPLE: u32 = 200;

pub(super) fn nothing() -> Value {
    json!({
        "agents": { "total": 0, "active": 0, "disabled": 0 },
        "bindingsByProvider": {},
        "deliveriesByStatus": { "pending": 0, "claimed": 0, "sent": 0, "failed": 0, "dead": 0 },
        "deliveriesByStatusScope": "recent_deliveries",
        "deliverySampleLimit": SAMPLE,
    })
}
