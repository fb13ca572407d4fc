//! The signed-in user's workspace and the deployment's configuration (contract 02 §1).

mod config;
mod events;
mod get;
mod policy;

pub(super) use policy::FeatureFlags;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::WorkspaceRead, routes!(get::get)))
        .routes(gate.allow(Action::WorkspaceRead, routes!(config::get)))
        .routes(gate.allow(Action::WorkspaceEvents, routes!(events::events)))
}
