//! Channels and their gateways (contract 04).

mod actor;
mod agents;
mod authority;
mod bindings;
mod cursor;
mod default_source;
mod deliveries;
mod identities;
mod inbox;
mod input;
mod interactions;
mod leases;
mod management;
mod options;
mod origin;
mod provider_events;
mod providers;
mod sessions;

pub use deliveries::DeliveryOptions;
pub use options::ChannelOptions;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let directory = |routes| gate.allow(Action::ChannelsDirectoryRead, routes);
    let read = |routes| gate.allow(Action::ChannelsManageRead, routes);
    let write = |routes| gate.allow(Action::ChannelsManageWrite, routes);
    let event = |routes| gate.allow(Action::ChannelsServiceProviderEvent, routes);
    let interaction = |routes| gate.allow(Action::ChannelsServiceInteraction, routes);
    let session = |routes| gate.allow(Action::ChannelsServiceSession, routes);
    OpenApiRouter::new()
        .merge(deliveries::routes(gate))
        .merge(leases::routes(gate))
        .routes(directory(routes!(providers::list::list)))
        .routes(read(routes!(agents::list::list)))
        .routes(write(routes!(agents::create::create)))
        .routes(write(routes!(agents::update::update)))
        .routes(read(routes!(bindings::list::list)))
        .routes(write(routes!(bindings::create::create)))
        .routes(write(routes!(bindings::update::update)))
        .routes(directory(routes!(identities::list::list)))
        .routes(gate.allow(Action::ChannelsServiceIdentity, routes!(identities::resolve::resolve)))
        .routes(event(routes!(provider_events::claim::claim)))
        .routes(event(routes!(provider_events::complete::complete)))
        .routes(interaction(routes!(interactions::create::create)))
        .routes(interaction(routes!(interactions::resolve::resolve)))
        .routes(event(routes!(inbox::accept::accept)))
        .routes(event(routes!(inbox::show::show)))
        .routes(session(routes!(sessions::bind::bind)))
        .routes(session(routes!(sessions::by_thread::find)))
        .routes(session(routes!(sessions::snapshot::read)))
        .routes(session(routes!(sessions::events::events)))
        .routes(session(routes!(sessions::prompt::prompt)))
        .routes(gate.allow(Action::ChannelsServiceArtifact, routes!(sessions::artifact::read)))
        .routes(gate.allow(Action::ChannelsServiceCursor, routes!(cursor::save)))
}
