//! The org actor: what an organisation has at work, and whether more is admitted.
//!
//! Admission is a grant keyed by an id that is minted once at the front door, so a retry is the same
//! grant. Grants that are never confirmed expire; a new owner counts again from the journal
//! (architecture §5). So does an org before it refuses anybody on a count that is not fresh, and one
//! whose grants expired: a message from another node may have been lost, and only the journal knows.
//!
//! Beside the actors, one task of the node seals the audit logs of its orgs.

mod actor;
mod audit;
mod msg;
mod news;

pub(crate) use actor::OrgActor;
pub use audit::AuditRetention;
pub(crate) use audit::keep_audit;
pub(crate) use msg::OrgMsg;
pub(crate) use news::{OrgNews, OrgPost, carry};
