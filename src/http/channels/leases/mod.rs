//! Leases of gateway replicas: which of several serves a binding.

mod hold;
mod release;

use crate::http::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ChannelsServiceDelivery, routes!(hold::hold)))
        .routes(gate.allow(Action::ChannelsServiceDelivery, routes!(release::release)))
}
