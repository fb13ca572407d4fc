//! Copies of local sessions (contract 01, `POST /api/import/sessions`).

mod artifacts;
mod sessions;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(gate.allow(Action::SessionsImport, routes!(sessions::import)))
}
