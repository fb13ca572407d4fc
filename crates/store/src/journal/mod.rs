//! The journal: the only way into the log.
//!
//! A batch of appends is one call of one function, one transaction and one round trip. It promises:
//!
//! * everything of a batch is written, or nothing;
//! * nothing is written by an incarnation that is fenced, or for a shard that its node lost
//!   (invariant I3): the check happens under the lock that a taker needs;
//! * a refusal is an answer, not an error, and names the appends to leave out;
//! * whether a batch whose answer was lost is in the log can be told exactly, by reading one row
//!   ([`LaneConnection::last_batch`]).

mod columns;
mod lane;
pub(crate) mod records;

pub use lane::LaneConnection;

use cowork_domain::{
    audit::{AuditRow, UsageRow, WorkUsage},
    event::EventType,
    ids::{CommandId, Epoch, Sequence, ShardId, WorkspaceId},
    session::{CommandWrite, SessionIdentity, SessionStatus},
    timestamp::Timestamp,
};
use std::{collections::BTreeMap, sync::Arc};

/// An event as it stands in the log: the payload is serialised once, and these bytes go everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the session.
    pub sequence: Sequence,
    /// Its type.
    pub event_type: EventType,
    /// JSON text.
    pub payload: Arc<str>,
    /// When it happened.
    pub at: Timestamp,
}

/// What the session's row says after an append. The list of sessions is read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadUpdate {
    /// Status of the record.
    pub status: SessionStatus,
    /// Title; `None` leaves what is stored.
    pub title: Option<String>,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// How many commands the session ever had.
    pub command_count: u64,
    /// Name of the session within its runtime; empty until one is bound.
    pub runtime_session: String,
    /// The project source as JSON text; `None` leaves what is stored.
    pub project_source: Option<String>,
}

/// Everything that one decision of one session writes.
#[derive(Debug, Clone)]
pub struct Append {
    /// The session's shard.
    pub shard: ShardId,
    /// The epoch in which the writer owns it.
    pub epoch: Epoch,
    /// Whose log it is. The append with `first` = 1 creates the session's row from it.
    pub identity: Arc<SessionIdentity>,
    /// The user's stream.
    pub workspace: WorkspaceId,
    /// Sequence of the first event; without events, the one that would come next.
    pub first: Sequence,
    /// New events, dense from `first`.
    pub events: Vec<StoredEvent>,
    /// The session's row afterwards.
    pub head: HeadUpdate,
    /// New commands and new states of known ones. Of several writes of one command the last counts.
    pub commands: Vec<CommandWrite>,
    /// What the work on commands used.
    pub work: Vec<WorkUsage>,
    /// Usage rows; one whose id exists is left as it is.
    pub usage: Vec<UsageRow>,
    /// Audit rows; one whose id exists is left as it is.
    pub audit: Vec<AuditRow>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchOutcome {
    /// All of it is durable. Per append: its first event's place in the workspace, `None` without events.
    Committed(Vec<Option<Sequence>>),
    /// Nothing was written, because of these appends (by index). Without them the batch may be sent again.
    Refused(BTreeMap<usize, Refusal>),
}

/// Why an append was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The node doesn't own the shard, or not in this epoch any more.
    NotOwner,
    /// The command came before; [`crate::Store::find_command`] tells what became of it.
    DuplicateCommand(CommandId),
}

/// A definite error of the database: the batch wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// SQLSTATE, or one of the journal's own (`CW…`, see the function).
    pub code: String,
    /// The primary message; it carries no payload.
    pub message: String,
}

impl Rejection {
    /// Whether the same batch may succeed a little later: then nobody in it is to blame.
    pub fn is_transient(&self) -> bool {
        crate::error::is_transient_code(&self.code)
    }
}

/// Why a batch has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The incarnation was declared dead. Nothing was written, and nothing will be.
    #[error("this incarnation of the node is fenced")]
    Fenced,
    /// Nothing was written. Halve the batch to find the culprit.
    #[error("the journal rejected the batch: {} ({})", .0.message, .0.code)]
    Rejected(Rejection),
    /// The answer was lost. Open the lane again and compare [`LaneConnection::last_batch`].
    #[error("the outcome of the batch is unknown: {0}")]
    OutcomeUnknown(String),
}
