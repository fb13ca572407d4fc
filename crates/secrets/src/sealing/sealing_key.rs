//! The deployment's public key.

use super::envelope::{self, Layer};
use super::key_id::KeyId;
use super::key_text::{self, KEY_LENGTH, KeyTextError};
use cowork_domain::secret::Secret;
use std::fmt;

/// What customers' keys are sealed to. It can be shown to anybody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SealingKey {
    id: KeyId,
    bytes: [u8; KEY_LENGTH],
}

impl SealingKey {
    pub(super) fn from_bytes(bytes: [u8; KEY_LENGTH]) -> Self {
        Self { id: KeyId::of(&bytes), bytes }
    }

    /// Reads `occ-sealing-v1.<key id>.<key>`.
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let (id, bytes) = key_text::read(key_text::SEALING, text)?;
        let key = Self::from_bytes(*bytes);
        if key.id != id {
            return Err(KeyTextError::Altered);
        }
        // A few points are on the curve and yet useless. Better to hear of it now than with the first customer's key.
        envelope::seal(Layer::Outer, &key.bytes, &[], &[]).map_err(|_| KeyTextError::Unusable)?;
        Ok(key)
    }

    /// Its name in ciphertexts and reports.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Seals the text of another opening key.
    pub(crate) fn guard(&self, text: &Secret<String>) -> Vec<u8> {
        envelope::seal(Layer::Guarded, &self.bytes, &[], text.expose().as_bytes()).expect("a sealing key was tried when it was made")
    }

    pub(super) const fn as_bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.bytes
    }
}

impl fmt::Display for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&key_text::write(key_text::SEALING, self.id, &self.bytes))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
