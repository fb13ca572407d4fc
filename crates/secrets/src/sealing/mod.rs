//! Sealing: what turns a customer's key into bytes that a database may hold.
//!
//! HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305, in two layers. The inner one
//! is sealed to the organisation's data key, the outer one to the deployment's sealing key:
//!
//! * the deployment's key alone opens nothing once the organisation's key is shredded;
//! * a data key that was forged in the database gives nothing without the deployment's private key;
//! * a rotation renews the outer layer and the wrapping of the data keys, and never sees a plaintext.
//!
//! Every layer is bound to what it belongs to ([`Subject`]), so a ciphertext that was moved to another organisation, provider,
//! secret or version doesn't open.

mod envelope;
mod key_id;
mod key_text;
mod opener;
mod opening_key;
mod org_key;
mod sealed;
mod sealer;
mod sealing_key;
mod subject;
#[cfg(test)]
mod tests;

pub use key_id::{KeyId, KeyIdError};
pub use key_text::KeyTextError;
pub use opener::{OpenError, Opener};
pub(crate) use opening_key::GuardError;
pub use opening_key::OpeningKey;
pub use org_key::OrgKey;
pub use sealed::{Sealed, SealedFormatError};
pub use sealer::{SealError, Sealer};
pub use sealing_key::SealingKey;
pub use subject::Subject;
