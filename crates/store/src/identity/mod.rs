//! Who is who, what they may do, and what was taken back from them (contract 00 §3, 02 §3–§6).

mod join;
mod lookup;
mod revocation;
mod token;

pub use join::Joined;
pub use lookup::{CredentialState, Key, Membership, OrgStatus, Standing, StoredCredential};
pub use revocation::{Revocation, RevocationSignals, Revoked};
pub use token::{ApiTokenRow, Grant, NewApiToken};
