//! The deployment's private key.

use super::envelope::{self, Kem, Layer, PrivateKey};
use super::key_id::KeyId;
use super::key_text::{self, KEY_LENGTH, KeyTextError};
use super::sealing_key::SealingKey;
use cowork_domain::secret::Secret;
use hkdf::Hkdf;
use hpke::{Deserializable, Kem as _, Serializable};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Separates the key that comes out of a secret from everything else that is made of the same secret.
const DERIVATION: &[u8] = b"open-cowork-cloud/opening-key/v1";

/// What opens customers' keys. It has no `Debug`, and its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct OpeningKey {
    private: PrivateKey,
    public: SealingKey,
}

/// It was guarded by another key, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GuardError;

impl OpeningKey {
    /// A new key from the system's randomness.
    pub fn generate() -> Self {
        Self::of(Kem::gen_keypair().0)
    }

    /// The key that belongs to a text which a person chose, `SECRET_KEY`: the same text gives the same key on every node.
    /// HKDF-SHA256 separates it from the text's other uses; DeriveKeyPair of RFC 9180 §7.1.3 makes the pair.
    pub fn derive(text: &Secret<String>) -> Self {
        let mut material = Zeroizing::new([0; KEY_LENGTH]);
        Hkdf::<Sha256>::new(Some(DERIVATION), text.expose().as_bytes())
            .expand(b"x25519", &mut *material)
            .expect("one block of output is within the limits of HKDF");
        Self::of(Kem::derive_keypair(&*material).0)
    }

    /// Reads `occ-opening-v1.<key id>.<key>`.
    pub fn parse(text: &Secret<String>) -> Result<Self, KeyTextError> {
        let (id, bytes) = key_text::read(key_text::OPENING, text.expose())?;
        let private = PrivateKey::from_bytes(&*bytes).map_err(|_| KeyTextError::Form(key_text::OPENING))?;
        let key = Self::of(private);
        if *key.id() == id { Ok(key) } else { Err(KeyTextError::Altered) }
    }

    /// The text that [`parse`](Self::parse) reads. Whoever sees it can open everything.
    pub fn to_text(&self) -> Secret<String> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        self.private.write_exact(&mut *bytes);
        Secret::new(key_text::write(key_text::OPENING, *self.id(), &bytes))
    }

    /// The public half.
    pub const fn sealing_key(&self) -> SealingKey {
        self.public
    }

    /// Its name in ciphertexts and reports, that of the public half.
    pub const fn id(&self) -> &KeyId {
        self.public.id()
    }

    /// Opens what [`SealingKey::guard`] sealed.
    pub(crate) fn unguard(&self, sealed: &[u8]) -> Result<Secret<String>, GuardError> {
        let text = envelope::open(Layer::Guarded, &self.private, &[], sealed).map_err(|_| GuardError)?;
        std::str::from_utf8(&text).map(|text| Secret::new(text.to_owned())).map_err(|_| GuardError)
    }

    pub(super) const fn private(&self) -> &PrivateKey {
        &self.private
    }

    fn of(private: PrivateKey) -> Self {
        let public = SealingKey::from_bytes(Kem::sk_to_pk(&private).to_bytes().into());
        Self { private, public }
    }
}
