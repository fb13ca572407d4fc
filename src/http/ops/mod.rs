//! For operators: the actor tree, and the way out of quarantine.

mod lift_quarantine;
mod supervision;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource; who may read diagnostics may use them.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::OperatorDiagnosticsRead, routes!(supervision::read)))
        .routes(gate.allow(Action::OperatorDiagnosticsRead, routes!(lift_quarantine::lift)))
}
