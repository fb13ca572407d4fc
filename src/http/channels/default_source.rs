//! What the sessions of a binding work on, as its settings say: `defaultProjectSource` (contract 04 §2, 05 §2).

use crate::http::{error::ApiError, sessions::admit_project_source, state::HttpState};
use cowork_domain::{event::ProjectSource, principal::Principal};
use serde_json::Value;

/// The source in the settings, if there is one. One that no session could use is refused when the binding is told of it, and
/// again when a session begins: the rules may have changed since.
pub(super) async fn default_source(state: &HttpState, by: &Principal, settings: &Value) -> Result<Option<ProjectSource>, ApiError> {
    admit_project_source(state, by, settings.get("defaultProjectSource")).await
}
