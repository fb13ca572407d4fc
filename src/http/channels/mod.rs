//! Channels and their gateways (contract 04).

mod actor;
mod authority;
mod interactions;
mod provider_events;
mod told;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ChannelsServiceProviderEvent, routes!(provider_events::claim::claim)))
        .routes(gate.allow(Action::ChannelsServiceProviderEvent, routes!(provider_events::complete::complete)))
        .routes(gate.allow(Action::ChannelsServiceInteraction, routes!(interactions::create::create)))
        .routes(gate.allow(Action::ChannelsServiceInteraction, routes!(interactions::resolve::resolve)))
}
