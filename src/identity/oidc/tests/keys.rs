//! Keys that sign what they are told to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use rsa::{
    Pkcs1v15Sign, RsaPrivateKey,
    pkcs8::{EncodePublicKey, LineEnding},
    rand_core::OsRng,
    sha2::{Digest, Sha256, Sha384, Sha512},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};

/// An RSA key with a name.
pub(super) struct Key {
    pub(super) id: &'static str,
    key: RsaPrivateKey,
}

impl Key {
    pub(super) fn new(id: &'static str) -> Self {
        Self { id, key: RsaPrivateKey::new(&mut OsRng, 2048).expect("a key can be made") }
    }

    /// As a provider publishes it.
    pub(super) fn published(&self) -> Value {
        let [n, e] = [self.key.n(), self.key.e()].map(|number| URL_SAFE_NO_PAD.encode(number.to_bytes_be()));
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": n, "e": e})
    }

    /// As a file, which anybody can have.
    pub(super) fn public_pem(&self) -> String {
        self.key.to_public_key().to_public_key_pem(LineEnding::LF).expect("a key can be written")
    }

    /// A token as the provider makes them.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_as("RS256", &json!({"alg": "RS256", "typ": "JWT", "kid": self.id}), claims)
    }

    /// A token with any header, really signed.
    pub(super) fn sign_as(&self, algorithm: &str, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let bytes = message.as_bytes();
        let signature = match algorithm {
            "RS384" => self.key.sign(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(bytes)),
            "RS512" => self.key.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(bytes)),
            "PS256" => self.key.sign_with_rng(&mut OsRng, rsa::Pss::new::<Sha256>(), &Sha256::digest(bytes)),
            _ => self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(bytes)),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.expect("a key can sign")))
    }
}

/// A token signed with a secret.
pub(super) fn hmac(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The part of a token that is signed.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}
