//! A sealed secret as the database holds it.

use super::key_id::KeyId;

/// The first byte of everything in this format.
const FORMAT: u8 = 1;
const HEADER: usize = 1 + KeyId::LENGTH + 4;
/// Two encapsulated keys and two tags: what the layers cost around an empty secret.
const LEAST_CIPHERTEXT: usize = 2 * (32 + 16);

/// A ciphertext with the names of the keys that it needs. The names are authenticated when it is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key: KeyId,
    org_key: u32,
    ciphertext: Vec<u8>,
}

/// Bytes that no version of this program sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedFormatError {
    /// Written by a later version, or by nobody.
    #[error("the sealed value has format {0}, which this version does not know")]
    Format(u8),
    /// Cut.
    #[error("the sealed value is incomplete")]
    Incomplete,
}

impl Sealed {
    pub(super) const fn new(key: KeyId, org_key: u32, ciphertext: Vec<u8>) -> Self {
        Self { key, org_key, ciphertext }
    }

    /// The deployment key that the outer layer needs.
    pub const fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// The generation of the organisation's data key that the inner layer needs.
    pub const fn org_key(&self) -> u32 {
        self.org_key
    }

    pub(super) fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// For the database: a format byte, the key id, the generation, the ciphertext.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.ciphertext.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(&self.org_key.to_be_bytes());
        bytes.extend_from_slice(&self.ciphertext);
        bytes
    }

    /// From the database.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealedFormatError> {
        let (&format, rest) = bytes.split_first().ok_or(SealedFormatError::Incomplete)?;
        if format != FORMAT {
            return Err(SealedFormatError::Format(format));
        }
        let (key, rest) = rest.split_first_chunk().ok_or(SealedFormatError::Incomplete)?;
        let (org_key, ciphertext) = rest.split_first_chunk().ok_or(SealedFormatError::Incomplete)?;
        if ciphertext.len() < LEAST_CIPHERTEXT {
            return Err(SealedFormatError::Incomplete);
        }
        Ok(Self::new(KeyId::from_bytes(*key), u32::from_be_bytes(*org_key), ciphertext.to_vec()))
    }
}
