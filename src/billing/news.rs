//! What a webhook says, whoever sent it.

use cowork_domain::billing::SubscriptionEdit;
use serde_json::{Map, Value};

/// Ids and words of a provider are short; longer ones are none.
const LONGEST: usize = 200;

/// One webhook, read.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// The provider's id of it.
    pub id: String,
    /// Whether it is the provider's own, and not made from the body.
    pub has_own_id: bool,
    /// What kind it is.
    pub kind: String,
    /// What it changes, where it is about a subscription of ours.
    pub edit: Option<SubscriptionEdit>,
}

/// A webhook that says nothing readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing or malformed")]
pub struct NewsMalformed(pub(super) &'static str);

/// A short text that can be stored, if it is there.
pub(super) fn text(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, NewsMalformed> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST && !text.contains('\0') => Ok(Some(text.clone())),
        Some(_) => Err(NewsMalformed(name)),
    }
}

/// A number of people, if it is there.
pub(super) fn seats(value: Option<&Value>) -> Option<u32> {
    value.and_then(Value::as_u64).and_then(|seats| u32::try_from(seats).ok()).filter(|seats| i32::try_from(*seats).is_ok())
}

/// An object inside, or an empty one.
pub(super) fn object<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    fields.get(name).and_then(Value::as_object)
}
