//! Watches for revocations and cuts the streams that they concern (architecture §7): told at once by a notification, and by a
//! look each second where that is lost.

use super::state::HttpState;
use cowork_store::StoreError;
use std::{convert::Infallible, time::Duration};
use tokio::time::{sleep, timeout};

/// Between two looks when nobody says anything.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A look that takes longer is given up: its connection is probably gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two sweeps of what nobody has to know any more.
const SWEEP_EVERY: u32 = 600;

/// Watches for as long as the server runs.
pub(super) async fn watch(state: HttpState) -> Infallible {
    let store = state.node.store();
    let mut signals = store.revocation_signals();
    let mut position = None;
    let mut looks = 0_u32;
    loop {
        let asked = state.node.clock().instant();
        match timeout(PATIENCE, look(&state, position)).await {
            Ok(Ok(now)) => {
                position = Some(now);
                state.revocations.note_look(asked);
            }
            Ok(Err(error)) => tracing::warn!(%error, "revocations could not be read"),
            Err(_) => tracing::warn!("revocations could not be read in time"),
        }
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(SWEEP_EVERY)
            && let Err(error) = store.sweep_revocations().await
        {
            tracing::warn!(%error, "old revocations could not be swept");
        }
        tokio::select! {
            () = signals.next() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// Heeds everything after a position; says where it got to.
async fn look(state: &HttpState, position: Option<i64>) -> Result<i64, StoreError> {
    let store = state.node.store();
    let Some(mut position) = position else {
        let last = store.last_revocation().await?;
        state.revocations.begin_at(last);
        return Ok(last);
    };
    loop {
        let revocations = store.revocations_after(position).await?;
        if revocations.first().is_some_and(|(first, _)| *first != position + 1) {
            tracing::error!(position, "revocations were swept before this node saw them: all streams end");
            state.streams.cut_all();
        }
        let count = revocations.len();
        for (number, revocation) in revocations {
            // Remembered first: a stream that opens now finds it, one that is open already is found.
            state.revocations.remember(number, revocation.clone());
            let cut = state.streams.cut(&revocation);
            state.metrics.revoked_streams.increment(u64::try_from(cut).unwrap_or(u64::MAX));
            tracing::info!(number, org = %revocation.org, streams = cut, "a revocation was heeded");
            position = number;
        }
        if count < 1000 {
            return Ok(position);
        }
    }
}
