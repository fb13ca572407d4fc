//! Workers that organisations run for themselves, or have run for them (contract 02 §11).

mod change_status;
mod create_pool;
mod get_worker;
mod hear;
mod issue_credential;
mod list_credentials;
mod list_heartbeats;
mod list_pools;
mod list_workers;
mod refusal;
mod register_worker;
mod revoke_credential;
mod rotate_credential;
mod update_pool;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let read = |routes| gate.allow(Action::AdminWorkersRead, routes);
    let write = |routes| gate.allow(Action::AdminWorkersWrite, routes);
    OpenApiRouter::new()
        .routes(read(routes!(list_pools::list)))
        .routes(write(routes!(create_pool::create)))
        .routes(write(routes!(update_pool::update)))
        .routes(read(routes!(list_workers::list)))
        .routes(write(routes!(register_worker::register)))
        .routes(read(routes!(get_worker::get)))
        .routes(write(routes!(change_status::change)))
        .routes(read(routes!(list_credentials::list)))
        .routes(write(routes!(issue_credential::issue)))
        .routes(write(routes!(rotate_credential::rotate)))
        .routes(write(routes!(revoke_credential::revoke)))
        .routes(read(routes!(list_heartbeats::list)))
        .routes(gate.allow(Action::WorkerHeartbeat, routes!(hear::hear)))
}
