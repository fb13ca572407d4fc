//! A tool's arguments, as the model sent them.

use super::{Call, ToolError};
use serde::de::DeserializeOwned;

impl Call<'_> {
    /// Reads the arguments; the model is told what is wrong with them.
    pub(super) fn arguments<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        let arguments = serde_json::Value::Object(self.input.clone());
        serde_json::from_value(arguments).map_err(|error| ToolError::refused(format!("the arguments don't fit: {error}")))
    }
}

/// Cuts text at a character, and says so.
pub(super) fn shorten(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n[cut here: the rest is too long]");
    }
    text
}
