//! Names and objects of requests about channels, and how long they may be (contract 04 §1, text limits).

use crate::http::{
    body::{Fields, holds_nul},
    error::ApiError,
};
use cowork_domain::channel::ids::{LONGEST_ID, is_id};
use serde_json::Value;

/// The longest object, as JSON text.
const LONGEST_OBJECT: usize = 16 * 1024;

/// A name or an id, if there is one.
pub(super) fn name<'f>(fields: &'f Fields, name: &str) -> Result<Option<&'f str>, ApiError> {
    match fields.text(name) {
        Some(text) if !is_id(text) => Err(malformed(name)),
        text => Ok(text),
    }
}

/// A name of a change: absent leaves what is stored, and a blank one is no name.
pub(super) fn new_name<'f>(fields: &'f Fields, field: &str) -> Result<Option<&'f str>, ApiError> {
    let is_blank = fields.0.get(field).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
    if is_blank {
        return Err(ApiError::invalid(format!("The field {field} must not be blank.")));
    }
    name(fields, field)
}

/// An object, if there is one.
pub(super) fn object(fields: &Fields, name: &str) -> Result<Option<Value>, ApiError> {
    let Some(value) = fields.value(name) else { return Ok(None) };
    if !value.is_object() {
        return Err(ApiError::invalid(format!("The field {name} must be an object.")));
    }
    let is_long = serde_json::to_string(value).map_or(true, |text| text.len() > LONGEST_OBJECT);
    if is_long || holds_nul(value) {
        return Err(ApiError::invalid(format!("The field {name} has more than {LONGEST_OBJECT} bytes, or holds the character U+0000.")));
    }
    Ok(Some(value.clone()))
}

fn malformed(name: &str) -> ApiError {
    ApiError::invalid(format!("The field {name} has more than {LONGEST_ID} characters, or holds the character U+0000."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_database_or_a_reader_could_not_take_is_refused() {
        let fields = |value: Value| Fields([("f".to_owned(), value)].into_iter().collect());
        assert!(name(&fields(json!("a")), "f").is_ok_and(|text| text == Some("a")));
        assert!(name(&fields(json!(" ")), "f").is_ok_and(|text| text.is_none()));
        assert!(new_name(&fields(json!(" ")), "f").is_err() && new_name(&fields(json!(null)), "f").is_ok_and(|text| text.is_none()));
        assert!(name(&fields(json!("a".repeat(257))), "f").is_err() && name(&fields(json!("\u{0}")), "f").is_err());
        assert!(object(&fields(json!({ "a": 1 })), "f").is_ok_and(|object| object == Some(json!({ "a": 1 }))));
        assert!(object(&fields(json!(null)), "f").is_ok_and(|object| object.is_none()));
        for wrong in [json!([]), json!("a"), json!({ "a": "b".repeat(16_400) }), json!({ "a": "\u{0}" })] {
            assert!(object(&fields(wrong), "f").is_err());
        }
    }
}
