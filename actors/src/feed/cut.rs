//! A switch that ends a connection from outside: its reader may be blocked on a full socket and
//! cannot be told in any other way.

use futures_util::task::AtomicWaker;
use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::Poll,
};

/// Ends the connection that waits on it. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct CutSwitch(Arc<State>);

/// Why a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum CutReason {
    /// Its reader fell too far behind.
    Lag = 1,
    /// What it was opened with was taken back.
    Revoked = 2,
}

#[derive(Debug, Default)]
struct State {
    /// Zero, or a [`CutReason`].
    cut: AtomicU8,
    waiter: AtomicWaker,
}

impl CutSwitch {
    /// Trips the switch, for good. The first reason stays.
    pub fn cut(&self, reason: CutReason) {
        self.0.cut.compare_exchange(0, reason as u8, Ordering::AcqRel, Ordering::Acquire).ok();
        self.0.waiter.wake();
    }

    /// Why it was tripped, if it was.
    pub fn reason(&self) -> Option<CutReason> {
        match self.0.cut.load(Ordering::Acquire) {
            0 => None,
            1 => Some(CutReason::Lag),
            _ => Some(CutReason::Revoked),
        }
    }

    /// Whether it was tripped.
    pub fn is_cut(&self) -> bool {
        self.reason().is_some()
    }

    /// Resolves when the switch is tripped. One task waits: the connection's own.
    pub async fn wait(&self) {
        poll_fn(|context| {
            self.0.waiter.register(context.waker());
            if self.is_cut() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
