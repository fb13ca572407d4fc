//! The audit log: written with what it tells of.
//!
//! What a session does is written by the journal; everything else by [`write_audit`] within the transaction of the
//! change itself, or by [`Store::record_audit`](crate::Store::record_audit) where nothing else is written.

mod write;

pub(crate) use write::write_audit;
