//! A provider's key as it comes from a request, and what of it may be shown.

use crate::secret::Secret;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// `last4` shows four characters: of a shorter key it would give away too much.
const SHORTEST: usize = 8;
/// No provider's key comes near this.
const LONGEST: usize = 4096;
/// Sets these fingerprints apart from other hashes of the same text (contract 03 §1).
const FINGERPRINT_DOMAIN: &[u8] = b"open-cowork-byok-provider-secret-v1\0";
/// Hex digits of a fingerprint.
const FINGERPRINT_DIGITS: usize = 24;

/// Text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyInvalid {
    /// Four of its characters are shown, so it needs a good many more.
    #[error("A provider key has at least 8 characters.")]
    TooShort,
    /// No key.
    #[error("A provider key has at most 4096 bytes.")]
    TooLong,
    /// Something was copied along, or the key is broken into lines.
    #[error("A provider key holds no spaces, line breaks or control characters.")]
    NotPlain,
}

/// A key in custody.
#[derive(Clone)]
pub struct ProviderKey(Secret<String>);

/// What may be shown of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMarks {
    /// Its last four characters.
    pub last4: String,
    /// 24 hex digits of its hash.
    pub fingerprint: String,
}

impl ProviderKey {
    /// Takes a key. Spaces around it come from copying, and go.
    ///
    /// # Errors
    /// It can't be one.
    pub fn read(text: &str) -> Result<Self, KeyInvalid> {
        let text = text.trim();
        if text.chars().count() < SHORTEST {
            return Err(KeyInvalid::TooShort);
        }
        if text.len() > LONGEST {
            return Err(KeyInvalid::TooLong);
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(KeyInvalid::NotPlain);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// For whoever seals it.
    pub const fn secret(&self) -> &Secret<String> {
        &self.0
    }

    /// What may be shown.
    pub fn marks(&self) -> KeyMarks {
        KeyMarks { last4: last4(self.0.expose()), fingerprint: fingerprint("", self.0.expose()) }
    }
}

impl KeyMarks {
    /// Of a reference into a key manager, which is no secret by itself.
    pub(super) fn of_reference(reference: &str) -> Self {
        Self { last4: last4(reference), fingerprint: fingerprint("kms:", reference) }
    }

    /// Whether a text is the key that these are the marks of.
    pub fn are_of(&self, text: &str) -> bool {
        fingerprint("", text) == self.fingerprint
    }
}

fn last4(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(4);
    text.chars().skip(skipped).collect()
}

fn fingerprint(prefix: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(FINGERPRINT_DOMAIN).chain_update(prefix).chain_update(text).finalize();
    HEXLOWER.encode(&digest[..FINGERPRINT_DIGITS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_follows_the_contract() {
        let key = ProviderKey::read(" sk-or-v1-0123456789xyz\n").expect("a key");
        assert_eq!(key.secret().expose(), "sk-or-v1-0123456789xyz");
        let marks = key.marks();
        assert_eq!(marks.last4, "9xyz");
        // printf 'open-cowork-byok-provider-secret-v1\0sk-or-v1-0123456789xyz' | sha256sum | cut -c1-24
        assert_eq!(marks.fingerprint, "5ac6619f090b5d32fa2431d7");
        assert!(marks.are_of("sk-or-v1-0123456789xyz") && !marks.are_of("9xyz"));
    }

    #[test]
    fn what_can_be_no_key_is_refused() {
        let refused = |text: &str| ProviderKey::read(text).err();
        assert_eq!(refused("1234"), Some(KeyInvalid::TooShort));
        assert_eq!(refused("  1234567  "), Some(KeyInvalid::TooShort));
        assert_eq!(refused("12345678"), None);
        assert_eq!(refused("sk-1234 5678"), Some(KeyInvalid::NotPlain));
        assert_eq!(refused("sk-1234\u{0}5678"), Some(KeyInvalid::NotPlain));
        assert_eq!(refused(&"k".repeat(LONGEST + 1)), Some(KeyInvalid::TooLong));
    }
}
