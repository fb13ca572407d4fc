//! Channels and their gateways (contract 04).

mod actor;
mod authority;

use super::{gate::Gate, state::HttpState};
use utoipa_axum::router::OpenApiRouter;

/// The routes of this resource.
pub(super) fn routes(_gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
}
