//! An organisation's data key as the database holds it.

use super::key_id::KeyId;
use super::sealed::SealedFormatError;

/// The first byte of a sealed private half.
const FORMAT: u8 = 1;

/// Plain data for the store: the public half, and the private half sealed to the deployment. Deleting the sealed half
/// (shredding) ends every secret of the organisation, whoever holds the deployment's key.
#[derive(Clone, PartialEq, Eq)]
pub struct OrgKey {
    /// Which of the organisation's keys it is, counted from 1.
    pub generation: u32,
    /// The public half.
    pub public: Vec<u8>,
    /// The private half, sealed; empty when it was shredded.
    pub sealed_private: Vec<u8>,
}

impl OrgKey {
    /// The deployment key that the private half needs.
    pub fn key_id(&self) -> Result<KeyId, SealedFormatError> {
        self.split().map(|(key, _)| key)
    }

    /// Whether the private half is gone.
    pub const fn is_shredded(&self) -> bool {
        self.sealed_private.is_empty()
    }

    pub(super) fn join(key: KeyId, ciphertext: &[u8]) -> Vec<u8> {
        [&[FORMAT][..], key.as_bytes(), ciphertext].concat()
    }

    pub(super) fn split(&self) -> Result<(KeyId, &[u8]), SealedFormatError> {
        let (&format, rest) = self.sealed_private.split_first().ok_or(SealedFormatError::Incomplete)?;
        if format != FORMAT {
            return Err(SealedFormatError::Format(format));
        }
        let (key, ciphertext) = rest.split_first_chunk().ok_or(SealedFormatError::Incomplete)?;
        Ok((KeyId::from_bytes(*key), ciphertext))
    }
}
