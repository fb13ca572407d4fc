//! How much may be on its way to one peer. ractor's senders queue without bound, so the bound is here.

use metrics::Gauge;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a call takes of the window for its answer and for what surrounds it. Few answers are larger; a window full of calls
/// whose answers are all as large as a frame takes eight times as much, which is still a bound.
const ANSWER_BYTES: usize = 4 * 1024;

/// The window of one peer. It outlives a link: what the former link left behind still counts until it is gone.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Arc<Semaphore>,
    size: usize,
    calls: AtomicUsize,
}

/// A call's part of the window, given back when this is dropped.
pub(super) struct Flight {
    window: Arc<Window>,
    gauge: Gauge,
    _bytes: OwnedSemaphorePermit,
}

impl Window {
    pub(super) fn new(size: usize) -> Self {
        // At least one call must fit, whatever somebody configured.
        let size = size.clamp(super::FRAME_BYTES + ANSWER_BYTES, u32::MAX as usize);
        Self { bytes: Arc::new(Semaphore::new(size)), size, calls: AtomicUsize::new(0) }
    }

    /// Room for a request of so many bytes, or `None` where there isn't: nobody waits here, because who waits holds memory too.
    pub(super) fn take(self: &Arc<Self>, request_bytes: usize, gauge: Gauge) -> Option<Flight> {
        let bytes = u32::try_from(request_bytes + ANSWER_BYTES).ok()?;
        let permit = self.bytes.clone().try_acquire_many_owned(bytes).ok()?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        gauge.increment(1.0);
        Some(Flight { window: self.clone(), gauge, _bytes: permit })
    }

    pub(super) fn calls_in_flight(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn bytes_in_flight(&self) -> usize {
        self.size - self.bytes.available_permits().min(self.size)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.window.calls.fetch_sub(1, Ordering::Relaxed);
        self.gauge.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_refuses_and_what_ends_makes_room() {
        let window = Arc::new(Window::new(64 * 1024));
        let take = |bytes| window.take(bytes, Gauge::noop());
        let large = take(32 * 1024).expect("the first fits");
        let small = take(20 * 1024).expect("the second fits");
        assert!(take(16 * 1024).is_none());
        assert_eq!((window.calls_in_flight(), window.bytes_in_flight()), (2, 60 * 1024));
        drop(large);
        drop((take(16 * 1024).expect("there is room again"), small));
        assert_eq!((window.calls_in_flight(), window.bytes_in_flight()), (0, 0));
    }
}
