//! What a directory may say about people and groups (SCIM 2.0: RFC 7643, RFC 7644; contract 02 §9).

mod filter;
mod group;
mod patch;
mod user;

pub use filter::wanted_user_name;
pub use group::GroupRequest;
pub use patch::read_patch;
pub use user::UserRequest;

use serde_json::Value;

/// A request that says something impossible. All are `invalidValue` (RFC 7644 §3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScimInvalid {
    /// No name to know the person by.
    #[error("userName is required.")]
    UserName,
    /// No address to know the person by.
    #[error("A valid email address is required.")]
    Email,
    /// Neither a boolean nor its name.
    #[error("active must be a boolean.")]
    Active,
    /// A patch without operations.
    #[error("Operations must be a non-empty array.")]
    Operations,
    /// A group without a name.
    #[error("displayName is required.")]
    GroupName,
    /// Longer than anything that a directory means.
    #[error("A value is too long or holds a control character.")]
    Value,
}

/// The longest name or id, in characters.
const LONGEST: usize = 256;

/// A text that isn't blank, trimmed; anything else counts as absent.
fn text<'a>(value: &'a Value, name: &str) -> Result<Option<&'a str>, ScimInvalid> {
    let Some(text) = value.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(ScimInvalid::Value);
    }
    Ok(Some(text))
}

/// Directories send booleans as text, in any case.
fn boolean(value: &Value) -> Result<bool, ScimInvalid> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(ScimInvalid::Active),
    }
}
