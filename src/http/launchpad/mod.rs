//! What a person may want to look at next (contract 05 §6).

mod feed;
mod limits;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(gate.allow(Action::LaunchpadRead, routes!(feed::feed)))
}
