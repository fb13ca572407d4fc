//! What an organisation's directory shows: `scim_` and a secret (contract 00 §3.3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "scim_";

/// A token that a directory showed, or that was just made. It has no `Debug`.
pub struct ScimToken(String);

impl ScimToken {
    /// Makes one of 32 random bytes.
    pub fn mint(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The bearer credential of a request, whatever form it has.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        super::authenticator::bearer(headers).filter(|shown| !shown.is_empty()).map(|shown| Self(shown.to_owned()))
    }

    /// What is stored. A fast hash is enough, and can be looked for in an index: nobody guesses 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Whether this is the token that was stored, in constant time.
    pub fn matches(&self, stored: &[u8; 32]) -> bool {
        bool::from(self.hash().ct_eq(stored))
    }

    /// The whole token, to be shown once.
    pub fn plaintext(&self) -> &str {
        &self.0
    }
}
