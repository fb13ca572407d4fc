//! What a browser needs to sign in through a provider, and what it is told when that fails.

use super::open_session::signing_key;
use crate::{
    http::{error::ApiError, state::HttpState},
    identity::{
        SigningKey,
        oidc::{OidcError, OidcProvider},
    },
};
use cowork_domain::codes::Code;
use http::StatusCode;
use std::time::Duration;

/// When to ask again for a provider that is away.
const AGAIN: Duration = Duration::from_secs(5);

/// A provider to go to, and what signs the cookie that remembers it.
pub(super) struct BrowserOidc<'a> {
    pub(super) provider: &'a OidcProvider,
    pub(super) key: &'a SigningKey,
}

impl<'a> BrowserOidc<'a> {
    /// `None` where people sign in otherwise; an error where browsers can't at all.
    pub(super) fn of(state: &'a HttpState) -> Result<Option<Self>, ApiError> {
        let key = signing_key(state)?;
        Ok(state.options.auth.oidc().map(|provider| Self { provider, key }))
    }
}

impl From<OidcError> for ApiError {
    fn from(error: OidcError) -> Self {
        if error.is_outage() {
            tracing::warn!(%error, "nobody can sign in");
            let unavailable = Self::new(StatusCode::SERVICE_UNAVAILABLE, error.message());
            return unavailable.code(Code::AuthProviderUnavailable).retry_after(AGAIN);
        }
        tracing::info!(%error, "somebody could not sign in");
        Self::new(StatusCode::UNAUTHORIZED, error.message())
    }
}
