//! A service account with a key of its own, and what its signatures have to say.

use crate::artifacts::direct::sha256;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_actors::Clock;
use data_encoding::HEXLOWER;
use reqwest::Url;
use rsa::{
    Pkcs1v15Sign, RsaPrivateKey,
    pkcs8::{EncodePrivateKey as _, LineEnding},
    rand_core::OsRng,
    sha2::{Digest as _, Sha256},
};
use serde_json::{Value, json};

pub(super) const EMAIL: &str = "cowork@test.iam.gserviceaccount.com";
/// The name by which Google's stores are addressed in signatures, wherever they really are.
const HOST: &str = "storage.googleapis.com";

/// The account's key.
pub(super) struct Account(RsaPrivateKey);

impl Account {
    pub(super) fn new() -> Self {
        Self(RsaPrivateKey::new(&mut OsRng, 2048).expect("a key can be made"))
    }

    /// As Google hands it out.
    pub(super) fn key_file(&self) -> String {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).expect("a key has this form");
        json!({ "type": "service_account", "project_id": "test", "private_key_id": "key-1", "private_key": *pem, "client_email": EMAIL,
            "token_uri": "https://oauth2.googleapis.com/token" })
        .to_string()
    }

    /// Whether the account signed this.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.to_public_key().verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
    }

    /// Whether this is a token by which the account says who it is (Google, "Self-signed JWT").
    pub(super) fn said(&self, token: &str) -> bool {
        let Some((message, signature)) = token.rsplit_once('.') else { return false };
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let claims: Value = message.split_once('.').and_then(|(_, claims)| serde_json::from_slice(&part(claims)).ok()).unwrap_or_default();
        let now = Clock.now().as_millis() / 1000;
        self.signed(message.as_bytes(), &part(signature))
            && claims["iss"] == EMAIL
            && claims["sub"] == EMAIL
            && claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
            && claims["iat"].as_i64().is_some_and(|from| from <= now + 1)
            && claims["exp"].as_i64().is_some_and(|until| (now..=now + 3600).contains(&until))
    }

    /// Whether the account signed this address for this method, with no header but the host (Google, "V4 signing process").
    pub(super) fn signed_address(&self, method: &str, path: &str, query: &str) -> bool {
        let address = Url::parse(&format!("http://{HOST}{path}?{query}")).expect("a server gets addresses only");
        let said =
            |name: &str| address.query_pairs().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned());
        let mut pairs: Vec<String> = address
            .query_pairs()
            .filter(|(key, _)| key != "X-Goog-Signature")
            .map(|(key, value)| format!("{}={}", escaped(&key), escaped(&value)))
            .collect();
        pairs.sort();
        let (time, scope) = (said("X-Goog-Date"), scope(&said("X-Goog-Date")));
        let request = format!("{method}\n{path}\n{}\nhost:{HOST}\n\nhost\nUNSIGNED-PAYLOAD", pairs.join("&"));
        let message = format!("GOOG4-RSA-SHA256\n{time}\n{scope}\n{}", sha256(request.as_bytes()));
        said("X-Goog-Algorithm") == "GOOG4-RSA-SHA256"
            && said("X-Goog-Credential") == format!("{EMAIL}/{scope}")
            && said("X-Goog-Expires").parse::<u32>().is_ok_and(|seconds| seconds <= 900)
            && self.signed(message.as_bytes(), &unhex(&said("X-Goog-Signature")))
    }
}

/// What a signature of this time is good for.
pub(super) fn scope(time: &str) -> String {
    format!("{}/auto/storage/goog4_request", time.get(..8).unwrap_or_default())
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
