//! Removing what came in through channels long ago.

use crate::node::Shared;
use cowork_store::StoreError;
use std::{sync::Arc, time::Duration};

const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// No chat system sends anything again after that, and nobody asks what became of it.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows of one statement, which other nodes leave out meanwhile.
const BATCH: u32 = 1_000;

/// Works until the node stops. Nodes share the work.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(SWEEP_EVERY)) => {}
        }
        if let Err(error) = remove(&shared).await {
            tracing::warn!(%error, "what came in through channels long ago can't be removed now");
        }
    }
}

async fn remove(shared: &Shared) -> Result<(), StoreError> {
    let store = &shared.store;
    while !shared.stop.is_cancelled() {
        let removed = [
            store.sweep_provider_events(KEPT, BATCH).await?,
            store.sweep_channel_interactions(KEPT, BATCH).await?,
            store.sweep_inbox(KEPT, BATCH).await?,
        ];
        if removed.iter().all(|count| *count < u64::from(BATCH)) {
            break;
        }
    }
    Ok(())
}
