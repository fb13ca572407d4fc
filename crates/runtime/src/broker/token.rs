//! Tokens that stand in for keys.

use cowork_domain::secret::Secret;
use data_encoding::HEXLOWER;
use rand::{RngCore as _, TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};

/// A random token: 256 bits, good for one lease or slot of this process.
pub(super) struct Token(Secret<String>);

/// What is kept of a token. Looking up a hash of what a caller presents says nothing about the tokens that exist, however long
/// it takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl Token {
    pub(super) fn draw() -> Self {
        let mut bytes = [0; 32];
        OsRng.unwrap_err().fill_bytes(&mut bytes);
        // In one piece: a string that grows leaves its beginnings in memory.
        let mut text = String::with_capacity(4 + 64);
        text.push_str("ocb_");
        HEXLOWER.encode_append(&bytes, &mut text);
        Self(Secret::new(text))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl TokenHash {
    pub(super) fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented.as_bytes()).into())
    }
}
