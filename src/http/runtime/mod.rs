//! What operators ask of the machinery that runs agents (contract 02 §1).

mod diagnostics;
mod gateway;
mod heartbeats;
mod report;
mod status;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::OperatorRuntimeRead, routes!(status::read)))
        .routes(gate.allow(Action::OperatorRuntimeRead, routes!(heartbeats::read)))
        .routes(gate.allow(Action::OperatorDiagnosticsRead, routes!(diagnostics::read)))
}
