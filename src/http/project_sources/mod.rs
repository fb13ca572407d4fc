//! Projects that sessions work on (contract 05 §2).

mod refusals;
mod snapshot;
mod upload;
mod validate;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ProjectSourcesValidate, routes!(validate::validate)))
        .routes(gate.allow(Action::ProjectSourcesUpload, routes!(upload::upload)))
}
