//! What browser cookies are signed with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};

/// The secret behind signed cookies. It is never printed.
#[derive(Clone)]
pub struct CookieSecret(Arc<str>);

impl CookieSecret {
    /// Wraps the configured text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// `payload.signature`, both in base64url. The purpose is part of what is signed, so a cookie of one kind is never taken for
    /// one of another.
    pub(super) fn seal(&self, purpose: &str, payload: &[u8]) -> String {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let signature = URL_SAFE_NO_PAD.encode(self.mac(purpose, &payload).finalize().into_bytes());
        format!("{payload}.{signature}")
    }

    /// The payload of a cookie that this secret signed for this purpose.
    pub(super) fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let (payload, signature) = sealed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(purpose, payload).verify_slice(&signature).ok()?;
        URL_SAFE_NO_PAD.decode(payload).ok()
    }

    fn mac(&self, purpose: &str, payload: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(payload.as_bytes());
        mac
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_for_this_purpose_opens() {
        let secret = CookieSecret::new("a cookie secret of some length");
        let sealed = secret.seal("login", b"payload");
        assert_eq!(secret.open("login", &sealed).as_deref(), Some(b"payload".as_slice()));
        assert_eq!(secret.open("session", &sealed), None, "another purpose");
        assert_eq!(CookieSecret::new("another").open("login", &sealed), None, "another secret");
        let (payload, signature) = sealed.split_once('.').expect("two parts");
        for forged in ["", ".", payload, &format!("{payload}."), &format!("x{payload}.{signature}"), &format!("{sealed}x"), "ä.ö"] {
            assert_eq!(secret.open("login", forged), None, "{forged}");
        }
    }
}
