//! Provider keys: saved write-only, shown by their marks alone, checked by workers (contract 03 §1).

mod body;
mod budget;
mod disable;
mod get;
mod list;
mod metadata;
mod options;
mod override_validation;
mod provider;
mod save;
mod validate;

pub(in crate::http) use metadata::SecretMetadata;
pub use options::ByokOptions;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ByokRead, routes!(list::list)))
        .routes(gate.allow(Action::ByokRead, routes!(get::get)))
        .routes(gate.allow(Action::ByokWrite, routes!(save::save)))
        .routes(gate.allow(Action::ByokWrite, routes!(validate::validate)))
        .routes(gate.allow(Action::ByokWrite, routes!(override_validation::override_validation)))
        .routes(gate.allow(Action::ByokWrite, routes!(disable::disable)))
}
