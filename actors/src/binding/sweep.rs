//! Removing what came in and went out through channels long ago.

use crate::node::Shared;
use cowork_store::StoreError;
use std::{sync::Arc, time::Duration};

/// No chat system sends an event or a message again after that, so nobody has to recognise it.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows of one statement, which other nodes leave out meanwhile.
const BATCH: u32 = 1_000;

/// How long what channels leave behind is kept once nothing is open about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelRetention {
    /// Deliveries that were sent or given up, since then.
    pub deliveries: Duration,
    /// Questions that were answered, or that nobody can answer any more, since they were asked.
    pub interactions: Duration,
    /// How often old ones are looked for.
    pub every: Duration,
}

impl Default for ChannelRetention {
    fn default() -> Self {
        Self { deliveries: KEPT, interactions: KEPT, every: Duration::from_secs(60 * 60) }
    }
}

/// Works until the node stops. Nodes share the work.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    let retention = shared.options.channel_retention;
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(retention.every)) => {}
        }
        if let Err(error) = remove(&shared, retention).await {
            tracing::warn!(%error, "what channels left long ago can't be removed now");
        }
    }
}

async fn remove(shared: &Shared, retention: ChannelRetention) -> Result<(), StoreError> {
    let store = &shared.store;
    while !shared.stop.is_cancelled() {
        let deliveries = store.sweep_deliveries(retention.deliveries, BATCH).await?;
        metrics::counter!("cowork_deliveries_swept_total").increment(deliveries);
        let removed = [
            deliveries,
            store.sweep_delivery_lanes(BATCH).await?,
            store.sweep_provider_events(KEPT, BATCH).await?,
            store.sweep_channel_interactions(retention.interactions, BATCH).await?,
            store.sweep_inbox(KEPT, BATCH).await?,
        ];
        if removed.iter().all(|count| *count < u64::from(BATCH)) {
            break;
        }
    }
    Ok(())
}
