//! The credential of a request (contract 00 §3.2).

use super::{
    bearer,
    oidc::{OidcError, OidcProvider},
    operator::{self, OperatorToken},
    signed_headers::{self, HeaderSecret},
};
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    policy::Action,
    principal::{AuthSource, Principal, Role},
    timestamp::Timestamp,
};
use http::HeaderMap;
use std::{sync::Arc, time::Duration};

/// How requests prove who sends them.
#[derive(Debug, Clone)]
pub enum AuthOptions {
    /// Everybody is the local owner; only for a server that nobody else can reach.
    None,
    /// A proxy in front vouches for the caller (contract 00 §3.5).
    Header {
        /// Shared with the proxy.
        secret: Option<HeaderSecret>,
        /// Headers without a signature are believed too, but never the roles owner and admin.
        allow_unsigned: bool,
        /// How far the proxy's clock may be off, either way.
        max_age: Duration,
        /// What operators show instead.
        operator_token: Option<OperatorToken>,
    },
    /// An OpenID provider vouches for the caller (contract 00 §3.4).
    Oidc {
        /// The provider.
        provider: Arc<OidcProvider>,
        /// What operators show instead.
        operator_token: Option<OperatorToken>,
    },
}

impl AuthOptions {
    /// The OpenID provider, where one vouches for people.
    pub fn oidc(&self) -> Option<&OidcProvider> {
        match self {
            Self::Oidc { provider, .. } => Some(provider),
            Self::None | Self::Header { .. } => None,
        }
    }
}

/// A credential that was not accepted; the text is the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unauthenticated(pub(super) &'static str);

impl Unauthenticated {
    /// The text for the caller.
    pub const fn message(self) -> &'static str {
        self.0
    }
}

/// Tells genuine credentials from others.
#[derive(Debug)]
pub struct Authenticator {
    options: AuthOptions,
    local: Arc<Principal>,
    operator: Arc<Principal>,
}

impl Authenticator {
    /// For one configured mode.
    pub fn new(options: AuthOptions) -> Self {
        Self { options, local: Arc::new(local_owner()), operator: Arc::new(operator::principal()) }
    }

    /// Whether everybody is the local owner.
    pub const fn is_open(&self) -> bool {
        matches!(self.options, AuthOptions::None)
    }

    /// Whether a principal that [`Authenticator::authenticate`] returned may do this because it showed the operator token. It
    /// is a member of nothing, so there is nothing to look up.
    pub fn admits_operator(&self, principal: &Arc<Principal>, action: Action) -> bool {
        Arc::ptr_eq(principal, &self.operator) && operator::may(action)
    }

    /// The principal behind a request; in mode `none` that is always the local owner, even with a
    /// bad bearer token.
    pub async fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Principal>, Unauthenticated> {
        match &self.options {
            AuthOptions::None => Ok(self.local.clone()),
            AuthOptions::Header { operator_token: Some(token), .. } | AuthOptions::Oidc { operator_token: Some(token), .. }
                if token.is_shown(headers) =>
            {
                Ok(self.operator.clone())
            }
            AuthOptions::Header { secret, allow_unsigned, max_age, .. } => {
                signed_headers::verify(headers, secret.as_ref(), *allow_unsigned, *max_age, now).map(Arc::new)
            }
            AuthOptions::Oidc { provider, .. } => {
                let verified = match bearer::token(headers) {
                    Some(token) => provider.verify_bearer(token, now).await,
                    None => Err(OidcError::NoToken),
                };
                match verified {
                    Ok(identity) => Ok(Arc::new(identity.principal)),
                    Err(error) => {
                        // Who shows nothing is no news.
                        if !matches!(error, OidcError::NoToken) {
                            tracing::info!(%error, "a caller was refused");
                        }
                        Err(Unauthenticated(error.message()))
                    }
                }
            }
        }
    }
}

fn local_owner() -> Principal {
    Principal {
        tenant_id: TenantId::new("default"),
        org_id: OrgId::new("default"),
        tenant_name: "Default".to_owned(),
        user_id: UserId::new("local-user"),
        account_id: UserId::new("local-user"),
        email: "local@example.test".to_owned(),
        role: Role::Owner,
        auth_source: AuthSource::Local,
    }
}
