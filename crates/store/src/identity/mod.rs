//! Who is who, what they may do, and what was taken back from them (contract 00 §3, 02 §3–§6).

mod browser_session;
mod join;
mod last_used;
mod lookup;
mod revocation;
mod token;

pub use browser_session::{BrowserSessionRow, NewBrowserSession};
pub use join::Joined;
pub use lookup::{CredentialState, Key, Membership, OrgStatus, Standing, StoredCredential};
pub(crate) use revocation::record_revocation;
pub use revocation::{Revocation, RevocationSignals, Revoked};
pub(crate) use token::revoke_tokens_of;
pub use token::{ApiTokenRow, Grant, NewApiToken};
