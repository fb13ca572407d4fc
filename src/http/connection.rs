//! What a handler may know of its connection, and how it ends it.

use cowork_actors::CutSwitch;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// One accepted connection; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    peer: SocketAddr,
    ending: AtomicBool,
    unread: AtomicBool,
    cut: CutSwitch,
}

impl Connection {
    /// From this peer.
    pub(super) fn new(peer: SocketAddr) -> Self {
        Self(Arc::new(Inner { peer, ending: AtomicBool::new(false), unread: AtomicBool::new(false), cut: CutSwitch::default() }))
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
