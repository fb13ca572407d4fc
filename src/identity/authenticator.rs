//! The credential of a request (contract 00 §3.2).

use super::signed_headers::{self, HeaderSecret};
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
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
    },
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
}

impl Authenticator {
    /// For one configured mode.
    pub fn new(options: AuthOptions) -> Self {
        Self { options, local: Arc::new(local_owner()) }
    }

    /// Whether everybody is the local owner.
    pub const fn is_open(&self) -> bool {
        matches!(self.options, AuthOptions::None)
    }

    /// The principal behind a request; in mode `none` that is always the local owner, even with a
    /// bad bearer token.
    pub fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Principal>, Unauthenticated> {
        match &self.options {
            AuthOptions::None => Ok(self.local.clone()),
            AuthOptions::Header { secret, allow_unsigned, max_age } => {
                signed_headers::verify(headers, secret.as_ref(), *allow_unsigned, *max_age, now).map(Arc::new)
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
