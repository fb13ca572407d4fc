//! What the sessions of a binding work on, as its settings say: `defaultProjectSource` (contract 04 §2, 05 §2).

use crate::http::{error::ApiError, sessions::read_project_source};
use cowork_domain::event::ProjectSource;
use serde_json::Value;

/// The source in the settings, if there is one. One that no session could use is refused when the binding is told of it, and
/// again when a session begins: the rules may have changed since.
pub(super) fn default_source(settings: &Value) -> Result<Option<ProjectSource>, ApiError> {
    read_project_source(settings.get("defaultProjectSource").filter(|source| !source.is_null()))
}
