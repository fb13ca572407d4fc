//! Custom roles (contract 02 §6).

mod create;
mod delete;
mod fields;
mod list;
mod update;

use super::{gate::Gate, state::HttpState};
use cowork_domain::{custom_role::CustomRole, policy::Action};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::AdminRolesRead, routes!(list::list)))
        .routes(gate.allow(Action::AdminRolesWrite, routes!(create::create)))
        .routes(gate.allow(Action::AdminRolesWrite, routes!(update::update)))
        .routes(gate.allow(Action::AdminRolesWrite, routes!(delete::delete)))
}

#[derive(Serialize)]
struct RoleAnswer {
    role: CustomRole,
}
