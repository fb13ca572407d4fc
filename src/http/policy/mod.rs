//! What an organisation allows its members (contract 02 §7).

mod change;
mod effective;
mod get;
mod record;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::PolicyRead, routes!(get::get)))
        .routes(gate.allow(Action::PolicyWrite, routes!(change::put)))
        .routes(gate.allow(Action::PolicyWrite, routes!(change::post)))
        .routes(gate.allow(Action::PolicyEffectiveRead, routes!(effective::get)))
}
