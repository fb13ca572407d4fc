//! The deployment's signing secret (contract 00 §3.3): what it tags nobody else can make.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc};

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
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[set]")
    }
}
