//! The deployment's signing secret (contract 00 §3.3): what it tags nobody else can make.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;

/// Signs browser sessions and invitations. It is never printed.
#[derive(Clone)]
pub struct SigningKey(Arc<str>);

impl SigningKey {
    /// Wraps the configured text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// HMAC-SHA256 of a message. The purpose keeps what is signed for one use from being believed in another.
    pub fn tag(&self, purpose: &'static str, message: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// `payload.signature`, both in base64url.
    pub fn seal(&self, purpose: &'static str, payload: &[u8]) -> String {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let signature = URL_SAFE_NO_PAD.encode(self.tag(purpose, payload.as_bytes()));
        format!("{payload}.{signature}")
    }

    /// The payload of what this key sealed for this purpose.
    pub fn open(&self, purpose: &'static str, sealed: &str) -> Option<Vec<u8>> {
        let (payload, signature) = sealed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_ours = bool::from(signature.ct_eq(&self.tag(purpose, payload.as_bytes())));
        is_ours.then(|| URL_SAFE_NO_PAD.decode(payload).ok())?
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_for_this_purpose_opens() {
        let key = SigningKey::new("a signing secret of some length");
        let sealed = key.seal("login", b"payload");
        assert_eq!(key.open("login", &sealed).as_deref(), Some(b"payload".as_slice()));
        assert_eq!(key.open("session", &sealed), None, "another purpose");
        assert_eq!(SigningKey::new("another").open("login", &sealed), None, "another secret");
        let (payload, signature) = sealed.split_once('.').expect("two parts");
        for forged in ["", ".", payload, &format!("{payload}."), &format!("x{payload}.{signature}"), &format!("{sealed}x"), "ä.ö"] {
            assert_eq!(key.open("login", forged), None, "{forged}");
        }
    }
}
