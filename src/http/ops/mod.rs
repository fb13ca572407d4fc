//! For operators: the cluster and its nodes, the actor tree, and the way out of quarantine.

mod cluster;
mod deliveries;
mod drain_node;
mod forget_node;
mod lift_quarantine;
mod note;
mod supervision;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource. Deliveries are told to the operators of an organisation as well: each hears of its own.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let operators = |routes| gate.operated(Action::OperatorDiagnosticsRead, routes);
    OpenApiRouter::new()
        .routes(operators(routes!(cluster::read)))
        .routes(gate.allow(Action::OperatorDiagnosticsRead, routes!(deliveries::read)))
        .routes(operators(routes!(drain_node::drain)))
        .routes(operators(routes!(drain_node::undrain)))
        .routes(operators(routes!(forget_node::forget)))
        .routes(operators(routes!(supervision::read)))
        .routes(operators(routes!(lift_quarantine::lift)))
}
