//! Who we are to Google Cloud: a service account's key file (`GOOGLE_APPLICATION_CREDENTIALS`), or the machine's account.

use super::{
    ServiceError,
    reference::secure,
    surroundings::{Surroundings, read_file},
    wire::{Wire, form},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cowork_domain::secret::Secret;
use ring::{rand::SystemRandom, signature};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::Deserialize;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const MACHINE: &str = "metadata.google.internal";
/// The longest that Google accepts is an hour; the token is used at once.
const ASSERTION_LIFE: u64 = 300;

/// Where access tokens come from.
pub(super) struct GoogleToken {
    wire: Wire,
    service: &'static str,
    source: Source,
    now: fn() -> SystemTime,
}

enum Source {
    Account(Box<Account>),
    Machine { host: String },
}

/// What we need of a key file.
struct Account {
    email: String,
    key_id: String,
    key: signature::RsaKeyPair,
    token_uri: String,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    token_uri: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

impl GoogleToken {
    pub(super) fn find(service: &'static str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let source = match surroundings.variable("GOOGLE_APPLICATION_CREDENTIALS") {
            Some(path) => Source::Account(Box::new(Account::read(service, &path)?)),
            None => Source::Machine { host: surroundings.variable("GCE_METADATA_HOST").unwrap_or_else(|| MACHINE.to_owned()) },
        };
        Ok(Self { wire: Wire::new(service)?, service, source, now: surroundings.clock() })
    }

    pub(super) async fn fetch(&self) -> Result<Secret<String>, ServiceError> {
        let answer: TokenAnswer = match &self.source {
            Source::Account(account) => {
                let assertion = account.assertion((self.now)()).ok_or_else(|| self.unusable())?;
                let body = form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)]);
                let build = |client: &reqwest::Client| {
                    let request = client.post(&account.token_uri).header("content-type", "application/x-www-form-urlencoded");
                    Ok(request.body(body.to_vec()))
                };
                self.wire.json("/error", build).await?
            }
            Source::Machine { host } => {
                let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
                self.wire.json("/error", |client| Ok(client.get(&url).header("metadata-flavor", "Google"))).await?
            }
        };
        Ok(Secret::new(answer.access_token))
    }

    fn unusable(&self) -> ServiceError {
        ServiceError::Credentials { service: self.service, what: "the service account's key can't sign".to_owned() }
    }
}

impl Account {
    fn read(service: &'static str, path: &str) -> Result<Self, ServiceError> {
        let wrong = |what: &str| ServiceError::Credentials { service, what: format!("{path} {what}") };
        let text = read_file(service, path)?;
        let file: KeyFile = serde_json::from_str(text.expose()).map_err(|_| wrong("is no key file of a service account"))?;
        let KeyFile { kind, client_email, private_key_id, private_key, token_uri } = file;
        let pem = Secret::new(private_key);
        if kind != "service_account" {
            return Err(wrong("is not of the type service_account, the only one that is supported"));
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| wrong("holds no private key"))?;
        let key = signature::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| wrong("holds no RSA key of at least 2048 bits"))?;
        let token_uri = secure(token_uri).map_err(|_| wrong("names a token_uri that isn't https"))?;
        Ok(Self { email: client_email, key_id: private_key_id, key, token_uri })
    }

    /// A signed claim to be this account (RFC 7523).
    fn assertion(&self, now: SystemTime) -> Option<String> {
        let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({ "iss": self.email, "scope": SCOPE, "aud": self.token_uri, "iat": now, "exp": now + ASSERTION_LIFE });
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
