//! What the server knows about its provider before it has talked to it.

use cowork_domain::identity_claims::EmailDomains;
use std::{fmt, sync::Arc};

/// One provider, and what we are to it.
#[derive(Debug, Clone)]
pub struct OidcOptions {
    /// Where the provider is, and how it signs itself; closing slashes don't count.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// How we prove it; without one we are a public client, and PKCE alone ties a code to us.
    pub client_secret: Option<ClientSecret>,
    /// Where browsers come back to, below the address of this deployment.
    pub callback_path: String,
    /// Whose addresses are welcome.
    pub allowed_email_domains: EmailDomains,
}

impl OidcOptions {
    /// What a desktop asks the provider for; with a refresh token it stays signed in.
    pub const DESKTOP_SCOPE: &str = "openid email profile offline_access";

    /// The issuer without closing slashes.
    pub(super) fn plain_issuer(&self) -> &str {
        self.issuer.trim_end_matches('/')
    }

    /// Whether a provider's own words name this issuer.
    pub(super) fn is_issuer(&self, claimed: &str) -> bool {
        claimed.trim_end_matches('/') == self.plain_issuer()
    }
}

/// The secret that we share with the provider. It is never printed.
#[derive(Clone)]
pub struct ClientSecret(Arc<str>);

impl ClientSecret {
    /// Wraps the configured text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}
