//! What an organisation is asked and told.

use super::OrgNews;
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
    /// What became of an admitted prompt.
    News(OrgNews),
    /// Stop; the next request counts again from the journal.
    Passivate,
}
