//! SCIM 2.0: an organisation's directory says who its people are (contract 02 §9).
//!
//! It has its own credential, content type and errors. A write is done when it is answered, in one transaction, so there is
//! no queue that it could wait in and no 502.

mod answer;
mod create_group;
mod create_user;
mod delete_user;
mod directory;
mod get_user;
mod list_users;
mod location;
mod patch_user;
mod replace_group;
mod replace_user;
mod resource;
mod service_provider_config;

use self::{answer::ScimError, directory::ScimCaller};
use super::{gate::Gate, state::HttpState};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource. Who asks is found out by [`ScimCaller`], which every handler takes first.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.open(routes!(service_provider_config::read)))
        .routes(gate.open(routes!(list_users::list)))
        .routes(gate.open(routes!(create_user::create)))
        .routes(gate.open(routes!(get_user::get)))
        .routes(gate.open(routes!(replace_user::replace)))
        .routes(gate.open(routes!(patch_user::patch)))
        .routes(gate.open(routes!(delete_user::delete)))
        .routes(gate.open(routes!(create_group::create)))
        .routes(gate.open(routes!(replace_group::replace)))
        .routes(gate.open(routes!(replace_group::patch)))
}

/// Whether a path belongs to a directory.
pub(super) fn holds(path: &str) -> bool {
    path == "/scim/v2" || path.starts_with("/scim/v2/")
}

/// The answer to whatever no route knows: not found, for those who may know.
pub(super) async fn unmatched(state: &HttpState, headers: &HeaderMap) -> Response {
    match ScimCaller::authenticate(state, headers).await {
        Ok(_) => ScimError::not_found().into_response(),
        Err(refused) => refused.into_response(),
    }
}
