//! What a lane is asked, and what it answers.

use cowork_domain::ids::{CommandId, SessionId};
use cowork_store::Append;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) enum LaneItem {
    Append {
        append: Box<Append>,
        reply: AppendReply,
    },
    /// Asks for an answer once every append of this session that came before has ended.
    Barrier {
        session: SessionId,
        passed: oneshot::Sender<()>,
    },
}

pub(super) type AppendReply = oneshot::Sender<Result<Committed, AppendError>>;

/// The append is durable, and visible to whoever follows the log here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed;

/// Why an append was not made. Nothing of it was written, except that after `Closed` that isn't known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppendError {
    /// Somebody else owns the shard now, or this node was fenced.
    #[error("this node doesn't own the shard any more")]
    NotOwner,
    /// The command is known already.
    #[error("command {0} exists already")]
    DuplicateCommand(CommandId),
    /// The database refuses this append for what it is; it would refuse it again.
    #[error("the database refused the append: {0}")]
    Rejected(String),
    /// The node is shutting down.
    #[error("the journal is closed")]
    Closed,
}
