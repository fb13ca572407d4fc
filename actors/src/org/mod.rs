//! The org actor: what an organisation has at work, and whether more is admitted.
//!
//! Admission is a grant keyed by an id that is minted once at the front door, so a retry is the same
//! grant. Grants that are never confirmed expire; a new owner counts again from the journal
//! (architecture §5).

mod actor;
mod msg;

pub(crate) use actor::OrgActor;
pub(crate) use msg::OrgMsg;
