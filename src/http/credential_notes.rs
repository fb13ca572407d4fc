//! Writes down how credentials are used: when last, and which were refused. No request waits for it.

use super::state::HttpState;
use std::{convert::Infallible, time::Duration};
use tokio::time::{sleep, timeout};

/// Between two writes: well below a minute, which is the shortest idle time that can be configured.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// A write that takes longer is left to the next one.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two sweeps of browser sessions that ended long ago.
const SWEEP_EVERY: u32 = 360;

/// Writes for as long as the server runs.
pub(super) async fn keep(state: HttpState) -> Infallible {
    let mut writes = 0_u32;
    loop {
        tokio::select! {
            () = state.authenticator.notes_are_due() => {}
            () = sleep(WRITE_EVERY) => {}
        }
        write(&state).await;
        writes = writes.wrapping_add(1);
        if writes.is_multiple_of(SWEEP_EVERY)
            && let Err(error) = state.node.store().sweep_browser_sessions().await
        {
            tracing::warn!(%error, "old browser sessions could not be swept");
        }
    }
}

/// Writes what was noted so far.
pub(super) async fn write(state: &HttpState) {
    let clock = state.node.clock();
    let nonce = clock.nonce();
    match timeout(PATIENCE, state.authenticator.write_notes(state.node.store(), &nonce, clock.now())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the use of credentials could not be noted"),
        Err(_) => tracing::warn!("the use of credentials could not be noted in time"),
    }
}
