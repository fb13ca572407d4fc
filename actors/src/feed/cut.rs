//! A switch that ends a connection from outside: its reader may be blocked on a full socket and
//! cannot be told in any other way.

use futures_util::task::AtomicWaker;
use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

/// Ends the connection that waits on it. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct CutSwitch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cut: AtomicBool,
    waiter: AtomicWaker,
}

impl CutSwitch {
    /// Trips the switch, for good.
    pub fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.waiter.wake();
    }

    /// Whether it was tripped.
    pub fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::Acquire)
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
