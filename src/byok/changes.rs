//! Watches for changes of keys and passes them on: told at once by a notification, and by a look each second where that is lost.

use cowork_domain::ids::OrgId;
use cowork_store::{Store, StoreError};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast,
    time::{sleep, timeout},
};

/// Between two looks when nobody says anything.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A look that takes longer is given up: its connection is probably gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two sweeps of what nobody has to know any more.
const SWEEP_EVERY: u32 = 600;

/// Watches for as long as the node runs. A look that failed is made up for by the next one.
pub(super) async fn watch(store: Store, news: broadcast::Sender<Option<OrgId>>) -> Infallible {
    let mut signals = store.byok_signals();
    let mut position = None;
    let mut looks = 0_u32;
    loop {
        match timeout(PATIENCE, look(&store, &news, position)).await {
            Ok(Ok(now)) => position = Some(now),
            Ok(Err(error)) => tracing::warn!(%error, "changes of provider keys could not be read"),
            Err(_) => tracing::warn!("changes of provider keys could not be read in time"),
        }
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(SWEEP_EVERY)
            && let Err(error) = store.sweep_byok_changes().await
        {
            tracing::warn!(%error, "old changes of provider keys could not be swept");
        }
        tokio::select! {
            () = signals.next() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// Passes on everything after a position; says where it got to.
async fn look(store: &Store, news: &broadcast::Sender<Option<OrgId>>, position: Option<i64>) -> Result<i64, StoreError> {
    let Some(mut position) = position else {
        let last = store.last_byok_change().await?;
        // Whoever asked before the first look may have missed something.
        news.send(None).ok();
        return Ok(last);
    };
    loop {
        let changes = store.byok_changes_after(position).await?;
        if changes.first().is_some_and(|first| first.number != position + 1) {
            tracing::error!(position, "changes of provider keys were swept before this node saw them");
            news.send(None).ok();
        }
        let count = changes.len();
        for change in changes {
            position = change.number;
            tracing::info!(number = change.number, org = %change.org, "provider keys changed");
            // Nobody listens where nothing runs.
            news.send(Some(change.org)).ok();
        }
        if count < 1000 {
            return Ok(position);
        }
    }
}
