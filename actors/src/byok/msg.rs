//! What a key's actor is asked.

use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) enum ByokMsg {
    /// Run the check that is due, if one is, and say when nothing is left to do.
    Check { reply: oneshot::Sender<()> },
    /// Stop; the next check starts anew from the row.
    Passivate,
}
