//! What everybody may know about their own power and the policy that they are under (contract 02 §4).

mod access;
mod permission_catalog;
mod policy_overview;

use super::{error::ApiError, gate::Gate, state::HttpState};
use crate::identity::Authenticated;
use cowork_domain::policy::{self, Action};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.credential(routes!(access::access)))
        .routes(gate.credential(routes!(permission_catalog::permission_catalog)))
        .routes(gate.allow(Action::AdminRead, routes!(policy_overview::overview)))
        .routes(gate.allow(Action::AdminRead, routes!(policy_overview::policy)))
}

/// Whether a credential may read this at all; it needs no membership (contract 00 §3.7).
fn may_read(state: &HttpState, caller: &Authenticated) -> Result<(), ApiError> {
    Ok(policy::evaluate(Action::AdminRead, &caller.authority, &state.options.features)?)
}
