//! One OpenID provider, as this server sees it.

use super::{
    cache::Cached,
    discovery::{self, Endpoints},
    error::{OidcError, TokenFlaw},
    fetch::{self, FetchError, ProviderHttp},
    id_token::UnverifiedToken,
    keys::{self, SigningKeys},
    options::OidcOptions,
};
use cowork_domain::{principal::Principal, timestamp::Timestamp};
use std::{fmt, sync::Arc, time::Duration};

/// How long a provider's description is believed (contract 00 §3.4).
const DISCOVERY_FRESH: Duration = Duration::from_mins(10);

/// How long its keys are. A key that is withdrawn counts for at most this long.
const KEYS_FRESH: Duration = Duration::from_mins(5);

/// Somebody for whom the provider vouches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As the token says; the stored membership decides the role.
    pub principal: Principal,
}

/// A provider, with what is remembered of it.
pub struct OidcProvider {
    pub(super) options: OidcOptions,
    pub(super) http: ProviderHttp,
    endpoints: Cached<Endpoints>,
    keys: Cached<SigningKeys>,
}

impl OidcProvider {
    /// Asks nobody anything: a provider that is away doesn't keep this server from starting.
    pub const fn new(options: OidcOptions, client: reqwest::Client) -> Self {
        Self { options, http: ProviderHttp::new(client), endpoints: Cached::new(DISCOVERY_FRESH), keys: Cached::new(KEYS_FRESH) }
    }

    /// With a client of its own, which fails only if this machine's certificates can't be read.
    pub fn connect(options: OidcOptions) -> Result<Self, reqwest::Error> {
        let client = fetch::client(&options.issuer)?;
        Ok(Self::new(options, client))
    }

    /// Who we are to the provider.
    pub const fn options(&self) -> &OidcOptions {
        &self.options
    }

    /// The identity behind an id token that a program shows.
    pub async fn verify_bearer(&self, id_token: &str, now: Timestamp) -> Result<Identity, OidcError> {
        self.verify(id_token, None, now).await
    }

    /// The identity behind an id token, from the login with this nonce.
    pub(super) async fn verify(&self, id_token: &str, nonce: Option<&str>, now: Timestamp) -> Result<Identity, OidcError> {
        let token = UnverifiedToken::read(id_token)?;
        let keys = self.keys.get(now, || self.fetch_keys(now)).await?;
        let verified = match token.verify(&keys, &self.options, nonce, now) {
            // The provider may have a new key since.
            Err(OidcError::Token(TokenFlaw::UnknownKey)) => match self.keys.newer(&keys, now, || self.fetch_keys(now)).await {
                Some(newer) => token.verify(&newer, &self.options, nonce, now),
                None => Err(TokenFlaw::UnknownKey.into()),
            },
            decided => decided,
        };
        Ok(Identity { principal: verified? })
    }

    pub(super) async fn endpoints(&self, now: Timestamp) -> Result<Arc<Endpoints>, FetchError> {
        self.endpoints.get(now, || discovery::discover(&self.http, &self.options)).await
    }

    async fn fetch_keys(&self, now: Timestamp) -> Result<SigningKeys, FetchError> {
        let endpoints = self.endpoints(now).await?;
        keys::fetch(&self.http, &endpoints).await
    }
}

impl fmt::Debug for OidcProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OidcProvider").field("options", &self.options).finish_non_exhaustive()
    }
}
