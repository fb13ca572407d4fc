//! What a handler may know of its connection, and how it ends it.

use cowork_actors::CutSwitch;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// One accepted connection; clones are the same one. It counts as open until the last of them is dropped.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Inner>);

/// What an open connection takes of the server: one of its places, and that a server which stops waits for it.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    _awaited: TaskTrackerToken,
}

impl Slot {
    pub(super) fn new(permit: OwnedSemaphorePermit, awaited: TaskTrackerToken) -> Self {
        Self { _permit: permit, _awaited: awaited }
    }
}

#[derive(Debug)]
struct Inner {
    peer: SocketAddr,
    ending: AtomicBool,
    unread: AtomicBool,
    cut: CutSwitch,
    _slot: Slot,
}

#[cfg(test)]
impl Slot {
    /// Of a server of its own.
    pub(super) fn alone() -> Self {
        let permit = Arc::new(tokio::sync::Semaphore::new(1)).try_acquire_owned().expect("one is free");
        Self::new(permit, tokio_util::task::TaskTracker::new().token())
    }
}

impl Connection {
    /// From this peer.
    pub(super) fn new(peer: SocketAddr, slot: Slot) -> Self {
        let (ending, unread) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner { peer, ending, unread, cut: CutSwitch::default(), _slot: slot }))
    }

    /// The other end of the socket.
    pub(super) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Drops the socket at once when it is tripped, whatever waits in its buffers.
    pub(super) fn cut(&self) -> &CutSwitch {
        &self.0.cut
    }

    /// Asks an open stream to end cleanly. Only the connection's own task calls it and polls the
    /// stream right after, so nobody has to be woken.
    pub(super) fn end(&self) {
        self.0.ending.store(true, Ordering::Release);
    }

    /// Whether the stream should end.
    pub(super) fn is_ending(&self) -> bool {
        self.0.ending.load(Ordering::Acquire)
    }

    /// Notes whether the body of the current request was read to its end.
    pub(super) fn set_unread(&self, unread: bool) {
        self.0.unread.store(unread, Ordering::Release);
    }

    /// Whether the client may still be sending a body that nobody reads.
    pub(super) fn has_unread(&self) -> bool {
        self.0.unread.load(Ordering::Acquire)
    }
}
