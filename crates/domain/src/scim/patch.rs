//! A change of a user (RFC 7644 §3.5.2), of which only `active` has an effect.

use super::{ScimInvalid, boolean};
use serde_json::Value;

/// What a patch says last about `active`; none when it says nothing.
pub fn read_patch(request: &Value) -> Result<Option<bool>, ScimInvalid> {
    let operations = request.get("Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    let mut active = None;
    for operation in operations.ok_or(ScimInvalid::Operations)? {
        let verb = operation.get("op").and_then(Value::as_str).unwrap_or_default();
        if !verb.eq_ignore_ascii_case("add") && !verb.eq_ignore_ascii_case("replace") {
            continue;
        }
        let value = operation.get("value").unwrap_or(&Value::Null);
        let said = match operation.get("path").and_then(Value::as_str).filter(|path| !path.is_empty()) {
            Some(path) if path.eq_ignore_ascii_case("active") => Some(value),
            Some(_) => None,
            None => value.get("active"),
        };
        if let Some(said) = said {
            active = Some(boolean(said)?);
        }
    }
    Ok(active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn directories_say_it_in_many_ways() {
        let patch = |operations: Value| read_patch(&json!({ "Operations": operations }));
        assert_eq!(patch(json!([{ "op": "Replace", "value": { "active": "False" } }])), Ok(Some(false)));
        assert_eq!(patch(json!([{ "op": "add", "path": "active", "value": true }])), Ok(Some(true)));
        assert_eq!(patch(json!([{ "op": "replace", "path": "displayName", "value": "x" }])), Ok(None));
        assert_eq!(patch(json!([{ "op": "remove", "path": "active" }])), Ok(None));
        let both = json!([{ "op": "replace", "path": "active", "value": false }, { "op": "replace", "path": "active", "value": true }]);
        assert_eq!(patch(both), Ok(Some(true)));
        assert_eq!(patch(json!([{ "op": "replace", "path": "active", "value": 1 }])), Err(ScimInvalid::Active));
        assert_eq!(patch(json!([])), Err(ScimInvalid::Operations));
        assert_eq!(read_patch(&json!({ "active": false })), Err(ScimInvalid::Operations));
    }
}
