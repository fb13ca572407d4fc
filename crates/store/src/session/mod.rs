//! What is read from the log and beside it. Reads never need the session's owner.

mod commands;
mod event_log;
mod head;
mod list;
mod load;
mod snapshot;

pub use commands::{BusySession, OrgCounts};
pub use event_log::{LogBounds, StoredWorkspaceEvent};
pub use head::SessionHead;
pub use list::{SessionFilter, SessionPage};
pub use load::LoadedSession;
pub use snapshot::StoredSnapshot;
