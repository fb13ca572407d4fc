//! What invited people do (contract 02 §5).

mod accept;

use super::{gate::Gate, state::HttpState};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new().routes(gate.open(routes!(accept::accept)))
}
