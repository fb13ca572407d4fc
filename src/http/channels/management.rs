//! What managing channels asks beyond the action matrix, and how it is refused (contract 04 §3).

use crate::http::{error::ApiError, gate::Caller};
use cowork_domain::{codes::Code, ids::OrgId, policy::Scope, principal::AuthSource};
use http::StatusCode;
use std::time::Duration;

/// A client counts its bindings again after this.
const SOON: Duration = Duration::from_secs(60);

/// A token needs the scope `admin`: one for a desktop passes the matrix as its owner would.
pub(super) fn require_admin(caller: &Caller) -> Result<(), ApiError> {
    let authority = &caller.member().authority;
    if authority.source != AuthSource::ApiToken || authority.scopes.contains(Scope::Admin) {
        return Ok(());
    }
    let text = "Channel administration requires an org admin or admin-scoped API token.";
    Err(ApiError::new(StatusCode::FORBIDDEN, text).code(Code::AuthorizationScopeRequired))
}

/// The id of something new: of what the client calls it, or minted. Whoever is alone at their own machine names things as they
/// are.
pub(super) fn id_of<Id>(caller: &Caller, seed: Option<&str>, of_seed: fn(&OrgId, &str) -> Id, new: fn(String) -> Id, minted: String) -> Id {
    match seed {
        None => new(minted),
        Some(seed) if caller.member().authority.source == AuthSource::Local => new(seed.to_owned()),
        Some(seed) => of_seed(&caller.principal().org_id, seed),
    }
}

pub(super) fn agent_not_found() -> ApiError {
    ApiError::not_found("Headless agent was not found.")
}

pub(super) fn binding_not_found() -> ApiError {
    ApiError::not_found("Channel binding was not found.")
}

/// 409: another organisation has something with the id.
pub(super) fn id_taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "Channel resource id is unavailable.").code(Code::ChannelIdUnavailable)
}

/// 429: the organisation has as many bindings as it may have.
pub(super) fn too_many_bindings() -> ApiError {
    let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Gateway channel binding quota exceeded.");
    error.verdict(Code::GatewayChannelBindingsExceeded.as_str()).retry_after(SOON)
}
