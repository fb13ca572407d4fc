//! The members of an organisation, and invitations (contract 02 §5).

mod assign_role;
mod invite;
mod list;
mod refusal;
mod update;

use super::{gate::Gate, state::HttpState};
use cowork_domain::{membership::MemberRecord, policy::Action};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::AdminMembersRead, routes!(list::list)))
        .routes(gate.allow(Action::AdminMembersWrite, routes!(invite::invite)))
        .routes(gate.allow(Action::AdminMembersWrite, routes!(update::update)))
        .routes(gate.allow(Action::AdminMembersWrite, routes!(assign_role::assign_role)))
}

#[derive(Serialize)]
struct MemberAnswer {
    member: MemberRecord,
}
