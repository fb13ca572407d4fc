//! The keys of this node: which of the two powers it has, and where they come from.
//!
//! A node that executes holds the opening key and publishes its public half; a web node holds the public half only. Everything that
//! seals or opens in this program goes through [`Keyring`].

mod given_key;
mod inspection;
mod key_file;
mod keyring;
mod org_key;
mod publication;
mod rewrap;

pub use inspection::{Inspection, KeyState, KeyUse, inspect, keys};
pub use keyring::{Keyring, RevealError, SealerMissing};
pub use org_key::{OrgKeyError, stored};

pub use rewrap::{Rewrapped, SealedFailure, rewrap};

pub(crate) use given_key::surroundings;
pub(crate) use publication::Publication;
