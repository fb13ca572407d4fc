//! What a sealed value belongs to.

use super::key_id::KeyId;
use cowork_domain::ids::OrgId;

/// The owner of a secret. Every part is authenticated with each layer, so a ciphertext that was moved doesn't open.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The organisation whose secret it is.
    pub org: &'a OrgId,
    /// The provider that the secret is for.
    pub provider: &'a str,
    /// The secret's id.
    pub secret: &'a str,
    /// Counts the contents that a secret had.
    pub version: u32,
}

impl Subject<'_> {
    /// For the layer that is sealed to the organisation's data key.
    pub(super) fn inner_data(&self, generation: u32) -> Vec<u8> {
        self.data(&generation.to_be_bytes())
    }

    /// For the layer that is sealed to the deployment's key. The generation stands outside of the ciphertext and is proven here.
    pub(super) fn outer_data(&self, generation: u32, key: KeyId) -> Vec<u8> {
        joined(&[&self.data(&generation.to_be_bytes()), key.as_bytes()])
    }

    fn data(&self, generation: &[u8]) -> Vec<u8> {
        let parts =
            [self.org.as_str().as_bytes(), self.provider.as_bytes(), self.secret.as_bytes(), &self.version.to_be_bytes(), generation];
        joined(&parts)
    }
}

/// For an organisation's private key: whose, which, and its public half.
pub(super) fn org_key_data(org: &OrgId, generation: u32, public: &[u8], key: KeyId) -> Vec<u8> {
    joined(&[org.as_str().as_bytes(), &generation.to_be_bytes(), public, key.as_bytes()])
}

/// Each part behind its length, so that no two lists of parts give the same bytes.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}
