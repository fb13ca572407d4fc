//! Azure Key Vault.

use super::{Answer, KeyService, ServiceError, azure_token::AzureToken, surroundings::Surroundings, wire::Wire};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cowork_domain::secret::Secret;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

const SERVICE: &str = "Azure Key Vault";
const API: &str = "api-version=7.4";
const ALGORITHM: &str = "RSA-OAEP-256";

/// An RSA key in a vault.
pub(super) struct VaultKey {
    wire: Wire,
    token: AzureToken,
    address: String,
    name: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct KeyOperation {
    /// The full address of the key, its version included.
    kid: String,
    value: String,
}

impl VaultKey {
    pub(super) fn new(address: &str, name: &str, version: Option<&str>, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        Ok(Self {
            wire: Wire::new(SERVICE)?,
            token: AzureToken::find(SERVICE, address, surroundings)?,
            address: address.to_owned(),
            name: name.to_owned(),
            version: version.map(str::to_owned),
        })
    }

    async fn call(&self, operation: &str, version: &str, value: &str) -> Result<KeyOperation, ServiceError> {
        let token = self.token.fetch().await?;
        let url = format!("{}/keys/{}/{version}/{operation}?{API}", self.address, self.name);
        let body = Zeroizing::new(json!({ "alg": ALGORITHM, "value": value }).to_string().into_bytes());
        let build = |client: &reqwest::Client| {
            Ok(client.post(&url).bearer_auth(token.expose()).header("content-type", "application/json").body(body.to_vec()))
        };
        self.wire.json("/error/code", build).await
    }
}

impl KeyService for VaultKey {
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let plaintext = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(plaintext.expose()));
            let made = self.call("wrapkey", self.version.as_deref().unwrap_or_default(), &plaintext).await?;
            // Once the key is rotated, the version that wrapped is the only one that unwraps.
            let version = made.kid.rsplit('/').next().filter(|version| super::reference::is_path(version));
            let version = version.ok_or(ServiceError::Answer(SERVICE))?;
            Ok(format!("{version}.{}", made.value).into_bytes())
        })
    }

    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>> {
        Box::pin(async move {
            let ciphertext = std::str::from_utf8(ciphertext).ok().and_then(|text| text.split_once('.'));
            let (version, value) =
                ciphertext.filter(|(version, _)| super::reference::is_path(version)).ok_or(ServiceError::Answer(SERVICE))?;
            let made = self.call("unwrapkey", version, value).await?;
            let value = Zeroizing::new(made.value);
            let bytes = BASE64_URL_SAFE_NO_PAD
                .decode(value.trim_end_matches('='))
                .map(Zeroizing::new)
                .map_err(|_| ServiceError::Answer(SERVICE))?;
            std::str::from_utf8(&bytes).map(|text| Secret::new(text.to_owned())).map_err(|_| ServiceError::Answer(SERVICE))
        })
    }
}
