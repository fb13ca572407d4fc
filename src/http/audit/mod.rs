//! The audit log of an organisation (contract 02 §10).

mod csv;
mod cursor;
mod export;
mod filter;
mod list;
mod record;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::AdminAuditRead, routes!(list::list)))
        .routes(gate.allow(Action::AdminAuditRead, routes!(export::export)))
}
