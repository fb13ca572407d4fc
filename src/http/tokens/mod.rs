//! API tokens: issued, listed, bound to channels, taken back (contract 02 §3).

mod create;
mod grant;
mod list;
mod record;
mod revoke;

pub(crate) use record::ApiToken;

use super::{
    error::ApiError,
    gate::{Caller, Gate},
    state::HttpState,
};
use crate::identity::Proof;
use cowork_domain::{audit::AuditActor, policy::Action};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::ApiTokensRead, routes!(list::list)))
        .routes(gate.allow(Action::ApiTokensWrite, routes!(create::create)))
        .routes(gate.allow(Action::ApiTokensWrite, routes!(revoke::revoke)))
        .routes(gate.allow(Action::ApiTokensWrite, routes!(grant::grant)))
}

/// Who did it, for the audit log: of a token, which one.
fn actor(caller: &Caller) -> AuditActor {
    let principal = caller.principal();
    match &caller.member().proof {
        Proof::Token(token) => AuditActor::token(token.as_str(), Some(&principal.account_id)),
        _ => AuditActor::of(principal),
    }
}

fn not_found() -> ApiError {
    ApiError::not_found("API token was not found.")
}

fn binding_not_found() -> ApiError {
    ApiError::not_found("Channel binding was not found.")
}
