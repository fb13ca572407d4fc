//! Who may look after the browsers of an account: the person, however they prove it.

use super::open_session::signing_key;
use crate::{
    http::{error::ApiError, gate, state::HttpState},
    identity::{Authenticated, Proof},
};
use cowork_domain::{codes::Code, principal::AuthSource};
use http::{HeaderMap, Method};

/// The person behind a request. A token is a program: one that got lost must not sign its owner out, or see their devices.
pub(super) async fn authenticate(state: &HttpState, method: &Method, headers: &HeaderMap) -> Result<Authenticated, ApiError> {
    signing_key(state)?;
    gate::refuse_foreign_page(state, method, headers)?;
    let caller = gate::authenticate(state, method, headers).await?;
    refuse_programs(&caller)?;
    Ok(caller)
}

/// 403 for whoever is no person.
pub(super) fn refuse_programs(caller: &Authenticated) -> Result<(), ApiError> {
    // Also behind the cookies that a token was exchanged for.
    let is_token = caller.authority.source == AuthSource::ApiToken;
    if is_token || matches!(caller.proof, Proof::Operator | Proof::Worker { .. }) {
        let text = "Browser sessions are for people: tokens can neither see nor end them.";
        return Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, text));
    }
    Ok(())
}
