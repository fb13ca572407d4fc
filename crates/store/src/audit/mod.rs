//! The audit log: written with what it tells of, linked into a chain, read and verified.
//!
//! What a session does is written by the journal; everything else by [`write_audit`] within the transaction of the
//! change itself, or by [`Store::record_audit`](crate::Store::record_audit) where nothing else is written.

mod chain_columns;
mod page;
mod record;
mod removal;
mod seal;
mod verify;
mod write;

pub use page::{AuditFilter, AuditPlace};
pub use seal::{AuditSealed, UnsealedAudit};
pub(crate) use write::write_audit;
