//! What a binding's actor is told.

use cowork_domain::channel::{
    delivery::{ClaimOrder, ClaimRefusal, Claimed},
    inbox::InboxMessage,
    session::ChannelThread,
};
use std::time::Instant;
use tokio::sync::{oneshot, watch};

#[derive(Debug)]
pub(crate) enum BindingMsg {
    /// Claim what is due. One after the other, so that those who share a binding don't hinder each other in the database.
    ClaimDeliveries { order: Box<ClaimOrder>, reply: oneshot::Sender<ClaimReply> },
    /// The time has come that a claim announced.
    DeliveryDue(Instant),
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

/// What a claim took, and from where on it pays to claim again.
pub(crate) type ClaimReply = (Result<Claimed, ClaimRefusal>, Look);

/// A state of a binding's deliveries, as somebody saw it who looked: another one means that it pays to look again. Lives of
/// the actor begin at random numbers, so that the look of a former life is never taken for one of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Look(u64);

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
