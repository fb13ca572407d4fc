//! The power to store a secret without the power to read one.

use super::envelope::{self, Kem, Layer, PrivateKey};
use super::key_text::KEY_LENGTH;
use super::org_key::OrgKey;
use super::sealed::Sealed;
use super::sealing_key::SealingKey;
use super::subject::{self, Subject};
use cowork_domain::ids::OrgId;
use cowork_domain::secret::Secret;
use hpke::{Kem as _, Serializable};
use zeroize::Zeroizing;

/// Public halves only, so any role may hold it.
#[derive(Debug, Clone)]
pub struct Sealer {
    key: SealingKey,
}

/// Why a secret could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Its public half is no usable point, or it was shredded: nothing sealed to it could ever be opened.
    #[error("the data key {0} of the organisation cannot be sealed to")]
    OrgKey(u32),
}

impl Sealer {
    /// Seals to this key.
    pub const fn new(sealing_key: SealingKey) -> Self {
        Self { key: sealing_key }
    }

    /// What it seals to.
    pub const fn sealing_key(&self) -> &SealingKey {
        &self.key
    }

    /// Makes a data key for an organisation. Nobody but a holder of the opening key can use its private half from here on.
    pub fn new_org_key(&self, org: &OrgId, generation: u32) -> OrgKey {
        let (private, public) = Kem::gen_keypair();
        self.wrap_org_key(org, generation, &public.to_bytes(), &private)
    }

    /// Seals a secret of an organisation, inside to its data key and outside to the deployment's key.
    pub fn seal(&self, org_key: &OrgKey, subject: &Subject<'_>, plaintext: &Secret<String>) -> Result<Sealed, SealError> {
        let generation = org_key.generation;
        if org_key.is_shredded() {
            return Err(SealError::OrgKey(generation));
        }
        let inner = envelope::seal(Layer::Inner, &org_key.public, &subject.inner_data(generation), plaintext.expose().as_bytes())
            .map_err(|_| SealError::OrgKey(generation))?;
        Ok(self.seal_outer(generation, subject, &inner))
    }

    pub(super) fn seal_outer(&self, generation: u32, subject: &Subject<'_>, inner: &[u8]) -> Sealed {
        let data = subject.outer_data(generation, *self.key.id());
        Sealed::new(*self.key.id(), generation, self.seal_to_deployment(Layer::Outer, &data, inner))
    }

    pub(super) fn wrap_org_key(&self, org: &OrgId, generation: u32, public: &[u8], private: &PrivateKey) -> OrgKey {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        private.write_exact(&mut *bytes);
        let data = subject::org_key_data(org, generation, public, *self.key.id());
        let ciphertext = self.seal_to_deployment(Layer::OrgKey, &data, &*bytes);
        OrgKey { generation, public: public.to_vec(), sealed_private: OrgKey::join(*self.key.id(), &ciphertext) }
    }

    fn seal_to_deployment(&self, layer: Layer, data: &[u8], plaintext: &[u8]) -> Vec<u8> {
        envelope::seal(layer, self.key.as_bytes(), data, plaintext).expect("a sealing key was tried when it was made")
    }
}
