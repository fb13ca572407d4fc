//! Who is who, what they may do, and what was taken back from them (contract 00 §3, 02 §3–§6).

mod join;
mod lookup;
mod revocation;

pub use join::Joined;
pub use lookup::{CredentialState, Key, Membership, OrgStatus, Standing, StoredCredential};
pub(crate) use revocation::record_revocation;
pub use revocation::{Revocation, RevocationSignals, Revoked};
