//! Who is who, what they may do, and what was taken back from them (contract 00 §3, 02 §3–§6).

mod browser_session;
mod custom_role;
mod fact;
mod invitation;
mod join;
mod last_used;
mod lookup;
mod mandate;
mod member;
mod membership_lock;
mod org;
mod revocation;
mod token;

pub use browser_session::{BrowserSessionRow, NewBrowserSession};
pub use cowork_domain::org::OrgStatus;
pub use custom_role::CustomRoleError;
pub use invitation::{AcceptError, Invited};
pub use join::Joined;
pub use lookup::{CredentialState, Key, Membership, Standing, StoredCredential};
pub use mandate::Mandate;
pub use member::MemberError;
pub(crate) use membership_lock::{lock_memberships, standing};
pub use org::{OrgOrderError, OrgRow};
pub(crate) use revocation::record_revocation;
pub use revocation::{Revocation, RevocationSignals, Revoked};
pub(crate) use token::revoke_tokens_of;
pub use token::{ApiTokenRow, Grant, NewApiToken, NotIssued};
