//! The keys that a provider signs with.

use super::{
    discovery::Endpoints,
    fetch::{FetchError, ProviderHttp},
};
use openidconnect::{
    JsonWebKey,
    core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJsonWebKeyType},
};

/// The most keys that are kept. A token without a key id is tried with all of them, so their number is work that strangers can cause.
const MOST: usize = 16;

/// RSA keys of a provider, one set each.
#[derive(Debug)]
pub(super) struct SigningKeys {
    /// A set per key: where several could be meant (no key id, or the same one twice), each has its turn.
    pub(super) sets: Vec<CoreJsonWebKeySet>,
}

/// Asks the provider for its keys. An answer without a usable key is a failure, so that it doesn't displace the keys that are known.
pub(super) async fn fetch(http: &ProviderHttp, endpoints: &Endpoints) -> Result<SigningKeys, FetchError> {
    SigningKeys::of(&http.document(endpoints.keys.as_str(), "key set").await?)
}

impl SigningKeys {
    fn of(keys: &CoreJsonWebKeySet) -> Result<Self, FetchError> {
        let usable = |key: &&CoreJsonWebKey| *key.key_type() == CoreJsonWebKeyType::RSA;
        let sets: Vec<_> = keys.keys().iter().filter(usable).take(MOST).map(|key| CoreJsonWebKeySet::new(vec![key.clone()])).collect();
        if sets.is_empty() { Err(FetchError::NoKeys) } else { Ok(Self { sets }) }
    }
}
