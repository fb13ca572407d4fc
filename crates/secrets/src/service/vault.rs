//! HashiCorp Vault's transit engine.
//!
//! Who asks is proven by what Vault's own tools use: `VAULT_TOKEN`; or an AppRole, `VAULT_ROLE_ID` and `VAULT_SECRET_ID`; or the
//! pod's service account, `VAULT_KUBERNETES_ROLE`. `VAULT_NAMESPACE`, `VAULT_CACERT` and `VAULT_AUTH_MOUNT` go with all of them.

use super::{
    Answer, KeyService, ServiceError,
    surroundings::{Surroundings, read_file},
    wire::{Wire, text_of},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use cowork_domain::secret::Secret;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(super) const SERVICE: &str = "Vault";
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A key of the transit engine.
pub(super) struct Transit {
    vault: Vault,
    mount: String,
    key: String,
}

/// A Vault, and how to enter it.
pub(crate) struct Vault {
    wire: Wire,
    address: String,
    namespace: Option<String>,
    entry: Entry,
}

enum Entry {
    Token(Secret<String>),
    AppRole { mount: String, role: String, secret: Secret<String> },
    Kubernetes { mount: String, role: String, token_file: String },
}

#[derive(Deserialize)]
struct LoginAnswer {
    auth: LoginAuth,
}

#[derive(Deserialize)]
struct LoginAuth {
    client_token: String,
}

#[derive(Deserialize)]
struct DataAnswer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: String,
}

impl Vault {
    pub(crate) fn new(address: &str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let authority = match surroundings.variable("VAULT_CACERT") {
            Some(path) => Some(read_file(SERVICE, &path)?),
            None => None,
        };
        Ok(Self {
            wire: Wire::trusting(SERVICE, authority.as_ref().map(|pem| pem.expose().as_str()))?,
            address: address.to_owned(),
            namespace: surroundings.variable("VAULT_NAMESPACE"),
            entry: Entry::find(surroundings)?,
        })
    }

    async fn token(&self) -> Result<Secret<String>, ServiceError> {
        let (mount, body) = match &self.entry {
            Entry::Token(token) => return Ok(token.clone()),
            Entry::AppRole { mount, role, secret } => (mount, json!({ "role_id": role, "secret_id": secret.expose() })),
            Entry::Kubernetes { mount, role, token_file } => {
                (mount, json!({ "role": role, "jwt": read_file(SERVICE, token_file)?.expose() }))
            }
        };
        let body = written(&body);
        let url = format!("{}/v1/auth/{mount}/login", self.address);
        let answer: LoginAnswer = self.wire.json("/errors/0", |client| Ok(self.request(client.post(&url)).body(body.to_vec()))).await?;
        Ok(Secret::new(answer.auth.client_token))
    }

    /// Posts to the engine, or reads where there is nothing to post.
    pub(crate) async fn call<T: serde::de::DeserializeOwned>(&self, path: &str, body: Option<&Value>) -> Result<T, ServiceError> {
        let token = self.token().await?;
        let url = format!("{}/v1/{path}", self.address);
        let body = body.map(written);
        let build = |client: &Client| {
            let request = match &body {
                Some(body) => client.post(&url).body(body.to_vec()),
                None => client.get(&url),
            };
            Ok(self.request(request).header("x-vault-token", token.expose()))
        };
        let answer: DataAnswer<T> = self.wire.json("/errors/0", build).await?;
        Ok(answer.data)
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("x-vault-request", "true").header("content-type", "application/json");
        match &self.namespace {
            Some(namespace) => request.header("x-vault-namespace", namespace),
            None => request,
        }
    }
}

fn written(body: &Value) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(body.to_string().into_bytes())
}

impl Entry {
    fn find(surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let mount = |usual: &str| surroundings.variable("VAULT_AUTH_MOUNT").unwrap_or_else(|| usual.to_owned());
        if let Some(token) = surroundings.secret("VAULT_TOKEN") {
            return Ok(Self::Token(token));
        }
        if let (Some(role), Some(secret)) = (surroundings.variable("VAULT_ROLE_ID"), surroundings.secret("VAULT_SECRET_ID")) {
            return Ok(Self::AppRole { mount: mount("approle"), role, secret });
        }
        if let Some(role) = surroundings.variable("VAULT_KUBERNETES_ROLE") {
            let token_file = surroundings.variable("VAULT_KUBERNETES_TOKEN_PATH").unwrap_or_else(|| POD_TOKEN.to_owned());
            return Ok(Self::Kubernetes { mount: mount("kubernetes"), role, token_file });
        }
        let what = "set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE".to_owned();
        Err(ServiceError::Credentials { service: SERVICE, what })
    }
}

impl Transit {
    pub(super) fn new(address: &str, mount: &str, key: &str, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        Ok(Self { vault: Vault::new(address, surroundings)?, mount: mount.to_owned(), key: key.to_owned() })
    }
}

impl KeyService for Transit {
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let plaintext = Zeroizing::new(BASE64_STANDARD.encode(plaintext.expose()));
            let body = json!({ "plaintext": *plaintext });
            let made: Encrypted = self.vault.call(&format!("{}/encrypt/{}", self.mount, self.key), Some(&body)).await?;
            Ok(made.ciphertext.into_bytes())
        })
    }

    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>> {
        Box::pin(async move {
            let ciphertext = std::str::from_utf8(ciphertext).map_err(|_| ServiceError::Answer(SERVICE))?;
            let body = json!({ "ciphertext": ciphertext });
            let made: Decrypted = self.vault.call(&format!("{}/decrypt/{}", self.mount, self.key), Some(&body)).await?;
            text_of(SERVICE, made.plaintext)
        })
    }
}
