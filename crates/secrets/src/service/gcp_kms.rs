//! Google Cloud Key Management Service.

use super::{Answer, KeyService, PURPOSE, ServiceError, google_token::GoogleToken, surroundings::Surroundings, wire::Wire, wire::text_of};
use base64::{Engine, prelude::BASE64_STANDARD};
use cowork_domain::secret::Secret;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const SERVICE: &str = "Google Cloud KMS";
const ENDPOINT: &str = "https://cloudkms.googleapis.com";

/// A key of KMS.
pub(super) struct Kms {
    wire: Wire,
    token: GoogleToken,
    /// Of the key, without the operation.
    url: String,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: String,
}

impl Kms {
    pub(super) fn new(name: &str, endpoint: Option<&str>, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let url = format!("{}/v1/{name}", endpoint.unwrap_or(ENDPOINT));
        Ok(Self { wire: Wire::new(SERVICE)?, token: GoogleToken::find(SERVICE, surroundings)?, url })
    }

    async fn call<T: DeserializeOwned>(&self, operation: &str, body: Value) -> Result<T, ServiceError> {
        let token = self.token.fetch().await?;
        let url = format!("{}:{operation}", self.url);
        let body = Zeroizing::new(body.to_string().into_bytes());
        let build = |client: &reqwest::Client| {
            Ok(client.post(&url).bearer_auth(token.expose()).header("content-type", "application/json").body(body.to_vec()))
        };
        self.wire.json("/error/status", build).await
    }
}

impl KeyService for Kms {
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let plaintext = Zeroizing::new(BASE64_STANDARD.encode(plaintext.expose()));
            let body = json!({ "plaintext": *plaintext, "additionalAuthenticatedData": BASE64_STANDARD.encode(PURPOSE) });
            let made: Encrypted = self.call("encrypt", body).await?;
            BASE64_STANDARD.decode(made.ciphertext).map_err(|_| ServiceError::Answer(SERVICE))
        })
    }

    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>> {
        Box::pin(async move {
            let ciphertext = BASE64_STANDARD.encode(ciphertext);
            let body = json!({ "ciphertext": ciphertext, "additionalAuthenticatedData": BASE64_STANDARD.encode(PURPOSE) });
            let made: Decrypted = self.call("decrypt", body).await?;
            text_of(SERVICE, made.plaintext)
        })
    }
}
