//! Keys as people carry them: `occ-<power>-v1.<key id>.<base64url of 32 bytes>`.
//!
//! The word in front says what the key can do, so that nobody hands a web node the wrong one, and the id makes a slip of
//! the clipboard visible before anything was sealed with the result.

use super::key_id::KeyId;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Bytes of an X25519 key, public or private.
pub(super) const KEY_LENGTH: usize = 32;
/// In front of what can only seal.
pub(super) const SEALING: &str = "occ-sealing-v1";
/// In front of what opens.
pub(super) const OPENING: &str = "occ-opening-v1";

/// Why a text is not the key it should be. None of it repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// It names another kind of key.
    #[error("it is an opening key, which is private, where a sealing key is expected")]
    OpeningInsteadOfSealing,
    /// The other way round.
    #[error("it is a sealing key, which opens nothing, where an opening key is expected")]
    SealingInsteadOfOpening,
    /// It is something else.
    #[error("it is not of the form {0}.<key id>.<key>, as cowork secrets keygen prints it")]
    Form(&'static str),
    /// The key and its id don't belong together.
    #[error("its key id does not belong to its key: it was altered or cut")]
    Altered,
    /// A point of small order, to which nothing can be sealed.
    #[error("it is no usable X25519 key")]
    Unusable,
}

pub(super) fn write(power: &str, id: KeyId, key: &[u8; KEY_LENGTH]) -> String {
    // One allocation of the final size: a growing text would leave copies of a private key behind.
    let mut text = String::with_capacity(power.len() + 2 * KeyId::LENGTH + 2 + KEY_LENGTH.div_ceil(3) * 4);
    text.push_str(power);
    text.push('.');
    text.push_str(&id.to_string());
    text.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(key, &mut text);
    text
}

/// The id and the key. Whether they belong together is for the caller, who knows what the public half is.
pub(super) fn read(expected: &'static str, text: &str) -> Result<(KeyId, Zeroizing<[u8; KEY_LENGTH]>), KeyTextError> {
    let form = KeyTextError::Form(expected);
    let mut parts = text.trim().split('.');
    match parts.next() {
        Some(power) if power == expected => {}
        Some(OPENING) => return Err(KeyTextError::OpeningInsteadOfSealing),
        Some(SEALING) => return Err(KeyTextError::SealingInsteadOfOpening),
        _ => return Err(form),
    }
    let (Some(id), Some(key), None) = (parts.next(), parts.next(), parts.next()) else { return Err(form) };
    let id = id.parse().map_err(|_| form)?;
    // The decoder wants room for whole groups of three.
    let mut buffer = Zeroizing::new([0; KEY_LENGTH + 3]);
    match BASE64_URL_SAFE_NO_PAD.decode_slice(key, &mut *buffer) {
        Ok(KEY_LENGTH) => {
            let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
            bytes.copy_from_slice(&buffer[..KEY_LENGTH]);
            Ok((id, bytes))
        }
        _ => Err(form),
    }
}
