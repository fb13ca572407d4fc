//! The thread index: tags, the sessions that carry them, and saved filters (contract 05 §4). Tags and filters belong to the tenant,
//! sessions to their user.

mod filters;
mod sessions;
mod tags;

/// Tags, and filters, of one tenant.
pub(crate) const MOST: i64 = 1000;

/// Why a tag or a filter is not as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThreadRefused {
    /// The tenant has a tag of this name.
    #[error("A thread tag with this name exists already.")]
    TagExists,
    /// The tenant has none with this id.
    #[error("Thread tag was not found.")]
    TagUnknown,
    /// The tenant has none with this id.
    #[error("Smart filter was not found.")]
    FilterUnknown,
    /// One of the sessions isn't there, or is somebody else's.
    #[error("Cloud session was not found.")]
    SessionUnknown,
    /// The tenant has as many as it may.
    #[error("There are 1000 of them already. Delete one first.")]
    TooMany,
}
