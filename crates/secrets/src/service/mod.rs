//! Key services: what guards the opening key where it doesn't lie open in a configuration.
//!
//! A service wraps and unwraps a few bytes with a key that never leaves it. Every call has a deadline, is tried again where
//! trying again can help, and fails with words that hold no secret.

mod reference;
mod wrapped;

pub use reference::{KeyReference, KeyReferenceError};
pub use wrapped::{WrappedKey, WrappedKeyError};
