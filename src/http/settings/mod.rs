//! What people keep for themselves (contract 02 §2).

mod get;
mod list;
mod put;
mod put_keyed;
mod record;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource. PUT, POST and PATCH are the same: the value is replaced as a whole.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::SettingsRead, routes!(list::list)))
        .routes(gate.allow(Action::SettingsRead, routes!(get::get)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put::put)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put::post)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put::patch)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put_keyed::put)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put_keyed::post)))
        .routes(gate.allow(Action::SettingsWrite, routes!(put_keyed::patch)))
}
