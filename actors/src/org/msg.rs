//! What an organisation is asked and told.

use cowork_domain::{
    admission::Refusal,
    ids::{CommandId, SessionId},
};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum OrgMsg {
    /// May this prompt be enqueued?
    AdmitPrompt { grant: CommandId, session: SessionId, reply: oneshot::Sender<Result<(), Refusal>> },
    /// May a session be created?
    AdmitSession { reply: oneshot::Sender<Result<(), Refusal>> },
    /// The prompt is durable.
    Confirm { grant: CommandId, session: SessionId },
    /// The prompt was not written.
    Cancel { grant: CommandId },
    /// The prompt ended, one way or the other.
    Finished { session: SessionId, command: CommandId },
    /// Stop; the next request counts again from the journal.
    Passivate,
}
