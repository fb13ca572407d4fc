//! Removes from the database what counts no longer.

use super::SWEEP;
use cowork_store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

/// Sweeps for as long as it lives. It does so on every node, whatever limits that node has: others may have more, and rare
/// things are counted without any.
pub(crate) struct Sweeper {
    _sweeping: AbortOnDropHandle<()>,
}

impl Sweeper {
    /// Starts to sweep; must be called within a runtime.
    pub(crate) fn start(store: Store) -> Self {
        Self { _sweeping: AbortOnDropHandle::new(tokio::spawn(sweep(store))) }
    }
}

async fn sweep(store: Store) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store.sweep_rate_windows().await {
            tracing::debug!(%error, "windows of limits could not be swept");
        }
        if let Err(error) = store.sweep_auth_failures().await {
            tracing::debug!(%error, "old rejections could not be swept");
        }
    }
}
