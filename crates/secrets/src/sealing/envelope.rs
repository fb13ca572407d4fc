//! One layer of HPKE in base mode (RFC 9180): the encapsulated key, followed by the ciphertext and its tag.

use super::key_text::KEY_LENGTH;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, HpkeError, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

pub(super) type Kem = X25519HkdfSha256;
pub(super) type PublicKey = <Kem as hpke::Kem>::PublicKey;
pub(super) type PrivateKey = <Kem as hpke::Kem>::PrivateKey;

/// Bytes of the encapsulated key in front of the ciphertext.
const ENCAPSULATED: usize = KEY_LENGTH;

/// What a layer holds. It goes into HPKE's `info`, which separates the key schedules: a data key never opens as a secret.
#[derive(Clone, Copy)]
pub(super) enum Layer {
    /// An organisation's private key, sealed to the deployment.
    OrgKey,
    /// A secret, sealed to the organisation.
    Inner,
    /// A sealed secret, sealed to the deployment.
    Outer,
    /// An opening key, sealed to another one that guards it.
    Guarded,
}

impl Layer {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::OrgKey => b"open-cowork-cloud/sealing/v1/org-key",
            Self::Inner => b"open-cowork-cloud/sealing/v1/secret/inner",
            Self::Outer => b"open-cowork-cloud/sealing/v1/secret/outer",
            Self::Guarded => b"open-cowork-cloud/sealing/v1/opening-key",
        }
    }
}

/// Fails for a public key that is none, and for one of small order.
pub(super) fn seal(layer: Layer, to: &[u8], associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, HpkeError> {
    let to = PublicKey::from_bytes(to)?;
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeS::Base, &to, layer.info(), plaintext, associated)?;
    let mut sealed = Vec::with_capacity(ENCAPSULATED + ciphertext.len());
    sealed.extend_from_slice(&encapsulated.to_bytes());
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Fails for everything that wasn't sealed for this layer, to this key, with these data.
pub(super) fn open(layer: Layer, with: &PrivateKey, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED).ok_or(HpkeError::OpenError)?;
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeR::Base, with, &encapsulated, layer.info(), ciphertext, associated)
        .map(Zeroizing::new)
}
