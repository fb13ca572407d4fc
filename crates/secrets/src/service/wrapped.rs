//! An opening key that a key service guards.

use super::reference::KeyReference;
use crate::sealing::{KeyId, OpeningKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cowork_domain::secret::Secret;
use std::fmt;

const FORM: &str = "occ-wrapped-v1";

/// `occ-wrapped-v1.<key id>.<reference>.<ciphertext>`: useless without the right to use the service's key, so it may stand in a
/// configuration. The key id says what will come out, and is held against what does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The id of the opening key.
    pub id: KeyId,
    /// What guards it.
    pub reference: KeyReference,
    /// What the service made of it.
    pub ciphertext: Vec<u8>,
}

/// Why a text is no wrapped key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not of the form occ-wrapped-v1.<key id>.<reference>.<ciphertext>, as cowork secrets wrap prints it")]
pub struct WrappedKeyError;

impl WrappedKey {
    /// Whether a text means to be one.
    pub fn is_meant_by(text: &str) -> bool {
        text.trim_start().starts_with("occ-wrapped-")
    }

    /// Reads what [`Display`](fmt::Display) prints.
    pub fn parse(text: &str) -> Result<Self, WrappedKeyError> {
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [FORM, id, reference, ciphertext] = parts[..] else { return Err(WrappedKeyError) };
        let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| WrappedKeyError);
        let reference = String::from_utf8(decoded(reference)?).map_err(|_| WrappedKeyError)?;
        Ok(Self {
            id: id.parse().map_err(|_| WrappedKeyError)?,
            reference: KeyReference::parse(&reference).map_err(|_| WrappedKeyError)?,
            ciphertext: decoded(ciphertext)?,
        })
    }

    /// Holds what the service gave back against the id.
    pub(super) fn accept(&self, text: &Secret<String>) -> Option<OpeningKey> {
        OpeningKey::parse(text).ok().filter(|key| *key.id() == self.id)
    }
}

impl fmt::Display for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        write!(f, "{FORM}.{}.{}.{}", self.id, encoded(self.reference.to_string().as_bytes()), encoded(&self.ciphertext))
    }
}
