//! What a browser carries while it is at the provider: the state cookie.
//!
//! It is signed, not sealed. The state and the nonce in it are in the address that the browser was sent to anyway. The PKCE
//! verifier is not, and whoever reads it together with the code could redeem the code; but the cookie is out of reach of scripts
//! and of other sites, and whoever can read the cookies of a browser that signs in can read its session right after. The
//! signature keeps people from making one up, with an address or a page of their own in it; the comparison of the states keeps
//! another site from making a browser finish a login that it did not begin.
//!
//! Nothing is kept on the server, so the login may come back at any node. A login is used once because its code is, at the
//! provider, and because the cookie is cleared when the browser comes back.

use super::error::LoginFlaw;
use crate::identity::SigningKey;
use cowork_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long a login may take.
pub const LOGIN_LIFETIME: Duration = Duration::from_secs(600);

const PURPOSE: &str = "open-cowork-cloud oidc login v1";

/// A login under way.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginState {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) code_verifier: String,
    /// The code is only good together with the address that it was asked for.
    pub(super) redirect_uri: String,
    pub(super) return_to: String,
    pub(super) expires_at_ms: i64,
}

impl LoginState {
    /// As a cookie's value.
    pub(super) fn seal(&self, secret: &SigningKey) -> String {
        let payload = serde_json::to_vec(self).expect("text and numbers can be serialised");
        secret.seal(PURPOSE, &payload)
    }

    /// Of the cookie that a browser brings back, together with the state that the provider gave it.
    pub(super) fn open(secret: &SigningKey, cookie: Option<&str>, state: Option<&str>, now: Timestamp) -> Result<Self, LoginFlaw> {
        let payload = cookie.and_then(|cookie| secret.open(PURPOSE, cookie)).ok_or(LoginFlaw::NoCookie)?;
        let login: Self = serde_json::from_slice(&payload).map_err(|_| LoginFlaw::NoCookie)?;
        if now.as_millis() >= login.expires_at_ms {
            return Err(LoginFlaw::Expired);
        }
        let is_same = state.is_some_and(|state| bool::from(state.as_bytes().ct_eq(login.state.as_bytes())));
        if is_same { Ok(login) } else { Err(LoginFlaw::State) }
    }
}
