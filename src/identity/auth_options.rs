//! Whom a deployment believes (contract 00 §3).

use super::{HeaderSecret, OperatorToken, SigningKey, oidc::OidcProvider};
use std::{sync::Arc, time::Duration};

/// How requests prove who sends them.
#[derive(Debug, Clone, Default)]
pub struct AuthOptions {
    /// Who is believed without a credential of ours.
    pub mode: AuthMode,
    /// What operators show.
    pub operator_token: Option<OperatorToken>,
    /// Signs browser sessions; without it there are none.
    pub signing_key: Option<SigningKey>,
    /// Everybody belongs to this organisation: its id and name (contract 00 §3.7).
    pub single_org: Option<(String, String)>,
}

/// Who is believed without a credential of ours.
#[derive(Debug, Clone, Default)]
pub enum AuthMode {
    /// Everybody is the local owner; only for a server that nobody else can reach.
    #[default]
    None,
    /// A proxy in front vouches for the caller (contract 00 §3.5).
    Header {
        /// Shared with the proxy.
        secret: Option<HeaderSecret>,
        /// Headers without a signature are believed too, but never the roles owner and admin.
        allow_unsigned: bool,
        /// How far the proxy's clock may be off, either way.
        max_age: Duration,
    },
    /// An OpenID provider vouches for the caller (contract 00 §3.4).
    Oidc(Arc<OidcProvider>),
}

impl AuthOptions {
    /// The OpenID provider, where one vouches for people.
    pub fn oidc(&self) -> Option<&OidcProvider> {
        match &self.mode {
            AuthMode::Oidc(provider) => Some(provider),
            AuthMode::None | AuthMode::Header { .. } => None,
        }
    }
}
