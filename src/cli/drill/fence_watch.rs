//! Looks all the time for batches of incarnations that had been declared dead.
//!
//! The proof of such a write is a mark that the node's next life overwrites with its first batch, so it
//! doesn't do to look once at the end.

use cowork_store::{FenceViolation, Store};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio_util::task::AbortOnDropHandle;

const GLANCE: Duration = Duration::from_millis(25);

/// Watches until it is dropped.
pub(super) struct FenceWatch {
    found: Arc<Mutex<Vec<FenceViolation>>>,
    _watching: AbortOnDropHandle<()>,
}

impl FenceWatch {
    pub(super) fn start(store: Store) -> Self {
        let found: Arc<Mutex<Vec<FenceViolation>>> = Arc::default();
        let seen = Arc::clone(&found);
        let watching = tokio::spawn(async move {
            loop {
                // While the database restarts nobody writes.
                for violation in store.fence_violations().await.unwrap_or_default() {
                    let mut seen = seen.lock();
                    if !seen.contains(&violation) {
                        seen.push(violation);
                    }
                }
                tokio::time::sleep(GLANCE).await;
            }
        });
        Self { found, _watching: AbortOnDropHandle::new(watching) }
    }

    /// Everything that was seen so far and not asked for yet.
    pub(super) fn take(&self) -> Vec<FenceViolation> {
        std::mem::take(&mut self.found.lock())
    }
}
