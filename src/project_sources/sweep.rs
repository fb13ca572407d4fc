//! Removing uploads that no session refers to.
//!
//! Nodes share the work: each takes what no other one has in hand. An object that can't be removed is tried again in the next round.

use super::Snapshots;
use cowork_actors::Clock;
use cowork_objects::ObjectKey;
use cowork_store::StoreError;

impl Snapshots {
    /// Works until it is dropped.
    pub(crate) async fn keep_clean(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(Clock.jitter(self.0.options.cleanup_interval)).await;
            if let Err(error) = self.clean().await {
                tracing::warn!(%error, "unused project snapshots can't be looked for now");
            }
        }
    }

    async fn clean(&self) -> Result<(), StoreError> {
        for key in self.0.store.claim_unused_project_snapshots(self.0.options.cleanup_batch).await? {
            match self.0.objects.delete(&ObjectKey::stored(key.clone())).await {
                Ok(()) => {
                    self.0.store.project_snapshot_removed(&key).await?;
                    metrics::counter!("cowork_objects_removed_total", "why" => "unused_project").increment(1);
                }
                Err(error) => tracing::warn!(%error, "an object can't be removed now"),
            }
        }
        Ok(())
    }
}
