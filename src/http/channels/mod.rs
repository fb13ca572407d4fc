//! Channels and their gateways (contract 04).

mod actor;
mod authority;
mod deliveries;
mod input;
mod leases;

pub use deliveries::DeliveryOptions;

use super::{gate::Gate, state::HttpState};
use utoipa_axum::router::OpenApiRouter;

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().merge(deliveries::routes(gate)).merge(leases::routes(gate))
}
