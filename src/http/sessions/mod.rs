//! Sessions and their commands (contract 01).

mod abort;
mod activate;
mod create;
mod cursor;
mod envelope;
mod events;
mod get;
mod list;
mod permission_respond;
pub(super) mod project_source;
mod projection_repair;
mod projection_status;
mod prompt;
mod question_reject;
mod question_reply;
pub(super) mod remote_approval;
mod session_path;
mod view;

pub(super) use envelope::{submit_once, text as envelope};
pub(super) use project_source::admit as admit_project_source;
pub(super) use session_path::SessionPath;

use super::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Commands read from a body; the WebSocket takes the same ones.
pub(super) mod command {
    pub(in crate::http) use super::permission_respond::command as permission_respond;
    pub(in crate::http) use super::prompt::command as prompt;
    pub(in crate::http) use super::question_reject::command as question_reject;
    pub(in crate::http) use super::question_reply::command as question_reply;
}

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::SessionsList, routes!(list::list)))
        .routes(gate.allow(Action::SessionsCreate, routes!(create::create)))
        .routes(gate.allow(Action::SessionsGet, routes!(get::get)))
        .routes(gate.allow(Action::SessionsActivate, routes!(activate::activate)))
        .routes(gate.allow(Action::SessionsView, routes!(view::view)))
        .routes(gate.allow(Action::SessionsEvents, routes!(events::events)))
        .routes(gate.allow(Action::SessionsPrompt, routes!(prompt::prompt)))
        .routes(gate.allow(Action::SessionsAbort, routes!(abort::abort)))
        .routes(gate.allow(Action::SessionsPermissionRespond, routes!(permission_respond::respond)))
        .routes(gate.allow(Action::SessionsQuestionReply, routes!(question_reply::reply)))
        .routes(gate.allow(Action::SessionsQuestionReject, routes!(question_reject::reject)))
        .routes(gate.allow(Action::SessionsProjectionRead, routes!(projection_status::read)))
        .routes(gate.allow(Action::SessionsProjectionRepair, routes!(projection_repair::repair)))
}
