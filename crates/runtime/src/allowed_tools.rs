//! Which tools agents may use.

use std::collections::BTreeSet;

/// The profile's list of tools by name (contract 02 §1). What it doesn't name, no agent is offered, and a model that asks for it
/// all the same is told that there is no such tool.
#[derive(Debug, Clone, Default)]
pub struct AllowedTools(Option<BTreeSet<String>>);

impl AllowedTools {
    /// Those of a list; all where there is none, and none where it is empty.
    pub fn new(list: Option<&[String]>) -> Self {
        Self(list.map(|names| names.iter().map(|name| name.trim().to_owned()).collect()))
    }

    /// Whether agents may use the tool of this name.
    pub fn allows(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains(name))
    }
}
