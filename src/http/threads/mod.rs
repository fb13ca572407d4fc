//! The thread index (contract 05 §4).

mod apply_tag;
mod change_filter;
mod change_tag;
mod create_filter;
mod create_tag;
mod delete_filter;
mod delete_tag;
mod fields;
mod list;
mod list_filters;
mod list_tags;
mod remove_tag;

use super::{error::ApiError, gate::Gate, state::HttpState};
use cowork_domain::{
    codes::Code,
    policy::Action,
    thread::{SmartFilter, ThreadTag},
};
use cowork_store::ThreadRefused;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ThreadsRead, routes!(list::list)))
        .routes(gate.allow(Action::ThreadsRead, routes!(list_tags::list)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(create_tag::create)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(change_tag::change)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(delete_tag::delete)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(apply_tag::apply)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(remove_tag::remove)))
        .routes(gate.allow(Action::ThreadsRead, routes!(list_filters::list)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(create_filter::create)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(change_filter::change)))
        .routes(gate.allow(Action::ThreadsWrite, routes!(delete_filter::delete)))
}

#[derive(Serialize)]
struct TagAnswer {
    tag: ThreadTag,
}

#[derive(Serialize)]
struct FilterAnswer {
    filter: SmartFilter,
}

/// Whether there was one to delete.
#[derive(Serialize, ToSchema)]
struct ThreadDeleted {
    deleted: bool,
}

/// It is done.
#[derive(Serialize, ToSchema)]
struct ThreadDone {
    ok: bool,
}

impl From<ThreadRefused> for ApiError {
    fn from(refused: ThreadRefused) -> Self {
        let (status, code) = match refused {
            ThreadRefused::TagExists => (StatusCode::CONFLICT, Code::ThreadTagExists),
            ThreadRefused::TooMany => (StatusCode::CONFLICT, Code::ThreadsTooMany),
            ThreadRefused::TagUnknown => (StatusCode::NOT_FOUND, Code::ThreadTagUnknown),
            ThreadRefused::FilterUnknown => (StatusCode::NOT_FOUND, Code::SmartFilterUnknown),
            ThreadRefused::SessionUnknown => return Self::session_not_found(),
        };
        Self::new(status, refused.to_string()).code(code)
    }
}
