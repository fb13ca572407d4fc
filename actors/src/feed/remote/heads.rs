//! Where logs end, according to the database.

use crate::feed::Log;
use cowork_store::{Store, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Logs that are looked up together.
pub(super) const LOOK_UP_LOGS: usize = 500;
/// Queries at a time: the pool is for requests.
const CONCURRENT: usize = 4;

/// The newest place of each log.
pub(super) async fn look_up(store: &Store, logs: &[Log]) -> Result<Vec<(Log, u64)>, StoreError> {
    metrics::counter!("cowork_feed_remote_look_ups_total").increment(logs.len() as u64);
    let look_up = |log: Log| async move {
        let bounds = match log {
            Log::Session { session, .. } => store.session_bounds(session).await?,
            Log::Workspace(workspace) => store.workspace_bounds(workspace).await?,
        };
        Ok((log, bounds.latest.0))
    };
    stream::iter(logs.to_vec()).map(look_up).buffer_unordered(CONCURRENT).try_collect().await
}
