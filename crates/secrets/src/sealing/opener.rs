//! The power to read secrets.

use super::envelope::{self, Kem, Layer, PrivateKey};
use super::key_id::KeyId;
use super::opening_key::OpeningKey;
use super::org_key::OrgKey;
use super::sealed::{Sealed, SealedFormatError};
use super::sealer::Sealer;
use super::sealing_key::SealingKey;
use super::subject::{self, Subject};
use cowork_domain::ids::OrgId;
use cowork_domain::secret::Secret;
use hpke::{Deserializable, Kem as _, Serializable};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Private halves: it exists in roles that execute only. Cloning is cheap; it has no `Debug`.
#[derive(Clone)]
pub struct Opener {
    /// The current one first.
    keys: Arc<[OpeningKey]>,
}

/// Why a sealed value doesn't open. Nothing of what it holds is in any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its key was rotated out, or belongs to another deployment.
    #[error("the sealed value needs the opening key {0}, which is not configured")]
    UnknownKey(KeyId),
    /// The organisation's key was destroyed; so are its secrets.
    #[error("the data key {0} of the organisation was shredded")]
    Shredded(u32),
    /// The data key belongs to another organisation or generation, or was altered.
    #[error("the data key {0} of the organisation does not open")]
    OrgKey(u32),
    /// It was sealed for something else, or altered.
    #[error("the sealed value does not open: it was moved or altered")]
    Refused,
    /// The bytes are in no known format.
    #[error(transparent)]
    Format(#[from] SealedFormatError),
}

impl OpenError {
    /// A word for metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownKey(_) => "unknown_key",
            Self::Shredded(_) => "shredded",
            Self::OrgKey(_) => "org_key",
            Self::Refused => "refused",
            Self::Format(_) => "format",
        }
    }
}

impl Opener {
    /// Opens what was sealed to the current key, and to previous ones during a rotation.
    pub fn new(current: OpeningKey, previous: impl IntoIterator<Item = OpeningKey>) -> Self {
        Self { keys: std::iter::once(current).chain(previous).collect() }
    }

    /// The current key's id, and those of the previous ones.
    pub fn key_ids(&self) -> impl ExactSizeIterator<Item = &KeyId> {
        self.keys.iter().map(OpeningKey::id)
    }

    /// The current key.
    pub fn current(&self) -> &OpeningKey {
        &self.keys[0]
    }

    /// The public halves of the previous keys.
    pub fn previous(&self) -> Vec<SealingKey> {
        self.keys.iter().skip(1).map(OpeningKey::sealing_key).collect()
    }

    /// Seals to the current key.
    pub fn sealer(&self) -> Sealer {
        Sealer::new(self.current().sealing_key())
    }

    /// The secret, if it was sealed for this subject with this data key and both are as they were.
    pub fn open(&self, org_key: &OrgKey, subject: &Subject<'_>, sealed: &Sealed) -> Result<Secret<String>, OpenError> {
        let private = self.org_private(subject.org, org_key)?;
        let inner = self.open_outer(subject, sealed)?;
        let mut plaintext =
            envelope::open(Layer::Inner, &private, &subject.inner_data(org_key.generation), &inner).map_err(|_| OpenError::Refused)?;
        // The buffer moves into the text; a copy would stay behind in memory.
        String::from_utf8(std::mem::take(&mut *plaintext)).map(Secret::new).map_err(|error| {
            error.into_bytes().zeroize();
            OpenError::Refused
        })
    }

    /// The same secret under another deployment key. Only the outer layer is renewed: what it holds stays sealed to the organisation.
    pub fn reseal(&self, subject: &Subject<'_>, sealed: &Sealed, to: &Sealer) -> Result<Sealed, OpenError> {
        let inner = self.open_outer(subject, sealed)?;
        Ok(to.seal_outer(sealed.org_key(), subject, &inner))
    }

    /// The same data key, its private half sealed to another deployment key.
    pub fn reseal_org_key(&self, org: &OrgId, org_key: &OrgKey, to: &Sealer) -> Result<OrgKey, OpenError> {
        let private = self.org_private(org, org_key)?;
        Ok(to.wrap_org_key(org, org_key.generation, &org_key.public, &private))
    }

    fn open_outer(&self, subject: &Subject<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let key = self.key(*sealed.key_id())?;
        let data = subject.outer_data(sealed.org_key(), *key.id());
        envelope::open(Layer::Outer, key.private(), &data, sealed.ciphertext()).map_err(|_| OpenError::Refused)
    }

    fn org_private(&self, org: &OrgId, org_key: &OrgKey) -> Result<PrivateKey, OpenError> {
        let generation = org_key.generation;
        if org_key.is_shredded() {
            return Err(OpenError::Shredded(generation));
        }
        let (key, ciphertext) = org_key.split()?;
        let key = self.key(key)?;
        let data = subject::org_key_data(org, generation, &org_key.public, *key.id());
        let bytes = envelope::open(Layer::OrgKey, key.private(), &data, ciphertext).map_err(|_| OpenError::OrgKey(generation))?;
        let private = PrivateKey::from_bytes(&bytes).map_err(|_| OpenError::OrgKey(generation))?;
        // Whoever can write to the database can make a data key. One whose halves don't belong together was not made by us.
        let belongs: bool = Kem::sk_to_pk(&private).to_bytes().as_slice().ct_eq(&org_key.public).into();
        if belongs { Ok(private) } else { Err(OpenError::OrgKey(generation)) }
    }

    fn key(&self, id: KeyId) -> Result<&OpeningKey, OpenError> {
        self.keys.iter().find(|key| *key.id() == id).ok_or(OpenError::UnknownKey(id))
    }
}
