//! What a binding's actor is told.

use cowork_domain::channel::{inbox::InboxMessage, session::ChannelThread};
use tokio::sync::{oneshot, watch};

#[derive(Debug)]
pub(crate) enum BindingMsg {
    /// There may be something to deliver: whoever waits looks again.
    DeliveriesChanged,
    /// How to learn of the next change. Whoever waits does so outside of the actor, so that it costs nothing to give up.
    WatchDeliveries { reply: oneshot::Sender<watch::Receiver<Look>> },
    /// There may be a message to make a prompt of.
    InboxFilled,
    /// What a look at the inbox found: the first message of each thread.
    InboxLooked { found: Vec<InboxMessage> },
    /// Nobody works on this thread's messages any more.
    InboxThreadDone { thread: Box<ChannelThread> },
    /// Stop, if nobody waits and nothing is under way; the next message starts anew from the rows.
    Passivate,
}

/// A state of a binding's deliveries, as somebody saw it who looked: another one means that it pays to look again. Lives of
/// the actor begin at random numbers, so that the look of a former life is never taken for one of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Look(u64);

impl Look {
    /// The first of a life.
    pub(super) fn first(random: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(random))
    }

    /// What follows a change.
    pub(super) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
