//! What must not leave a person's machine with an import.

use crate::redact;
use serde_json::Value;

/// Whether any text of a request holds a local path or a secret-like string. The texts themselves are scanned, not their JSON:
/// `Plan B:` before a line break is no path. What its fields are called is the contract's.
pub(super) fn is_unsafe(body: &Value) -> bool {
    match body {
        Value::Object(fields) => fields.values().any(holds_unsafe),
        other => holds_unsafe(other),
    }
}

fn holds_unsafe(value: &Value) -> bool {
    match value {
        Value::String(text) => redact::holds_secret(text) || redact::holds_local_path(text),
        Value::Array(items) => items.iter().any(holds_unsafe),
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let named = redact::is_secret_name(name) && value.as_str().is_some_and(|text| !text.is_empty() && text != redact::REDACTED);
            named || redact::holds_secret(name) || redact::holds_local_path(name) || holds_unsafe(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
