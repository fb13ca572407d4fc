//! What a finished sign-in leaves: a row here, and cookies in the browser (contract 00 §3.6).

use super::device::Device;
use crate::{
    http::{error::ApiError, state::HttpState},
    identity::{Authenticated, Proof, SessionCookie, SigningKey, cookie},
};
use cowork_domain::{audit::AuditActor, codes::Code, timestamp::Timestamp};
use cowork_store::NewBrowserSession;
use http::HeaderValue;

/// A browser that was just signed in.
pub(in crate::http) struct Opened {
    /// The `Set-Cookie` lines of the session and of its CSRF token.
    pub(in crate::http) cookies: [HeaderValue; 2],
    /// What changes must come with.
    pub(in crate::http) csrf_token: String,
    /// When the session ends at the latest.
    pub(in crate::http) expires_at: Timestamp,
}

/// Signs a browser in as whoever proved who they are, if they are let in: with a membership, or with one that is made now.
pub(in crate::http) async fn open(state: &HttpState, device: &Device, caller: &Authenticated) -> Result<Opened, ApiError> {
    let key = signing_key(state)?;
    if caller.proof == Proof::Operator {
        let text = "The operator token belongs to no organisation, so it opens no browser sessions.";
        return Err(ApiError::forbidden(Code::AuthorizationPrincipalDenied, text));
    }
    let (store, clock) = (state.node.store(), state.node.clock());
    let member = state.authenticator.admit(store, &state.options.signup, caller).await?.principal;
    let rules = state.options.browser_sessions;
    let now = clock.now();
    let expires_at = now.plus_millis(i64::try_from(rules.lifetime.as_millis()).unwrap_or(i64::MAX));
    let cookie = SessionCookie::mint(clock.mint_browser_session_id(), clock.random_bytes());
    let session = NewBrowserSession {
        id: cookie.id(),
        hash: cookie.hash(key),
        org: member.org_id.clone(),
        account: member.account_id.clone(),
        source: member.auth_source,
        token: if let Proof::Token(token) = &caller.proof { Some(token.clone()) } else { None },
        user_agent: device.user_agent.clone(),
        address: device.address,
        idle: rules.idle,
        expires_at,
    };
    store.create_browser_session(&session, &AuditActor::of(&member), now).await?;
    let csrf_token = cookie::csrf_token(key, cookie.id());
    Ok(Opened { cookies: cookie.set(key, rules.lifetime, rules.secure), csrf_token, expires_at })
}

/// What signs browser sessions. The error is the answer of everything that needs one, before anything else is looked at.
pub(super) fn signing_key(state: &HttpState) -> Result<&SigningKey, ApiError> {
    state.authenticator.signing_key().ok_or_else(|| ApiError::not_found("Cloud browser sessions are not configured."))
}
