//! Single sign-on of an organisation (contract 02 §8).

mod change;
mod delete;
mod get;
mod scim_token;
mod view;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::AdminSsoRead, routes!(get::get)))
        .routes(gate.allow(Action::AdminSsoWrite, routes!(change::change)))
        .routes(gate.allow(Action::AdminSsoWrite, routes!(delete::delete)))
        .routes(gate.allow(Action::AdminSsoWrite, routes!(scim_token::issue)))
}
