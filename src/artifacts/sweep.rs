//! Removing what nobody published, and what nothing refers to any more.
//!
//! Nodes share the work: each takes what no other one has in hand. An object that can't be removed is tried again in the next
//! round.

use super::Artifacts;
use cowork_actors::Clock;
use cowork_objects::ObjectKey;
use cowork_store::StoreError;
use std::time::Duration;

/// Longer than any form is good for, and than anybody takes to fetch a checkpoint.
const GRACE: Duration = Duration::from_secs(20 * 60);

impl Artifacts {
    /// Works until it is dropped.
    pub(crate) async fn keep_clean(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(Clock.jitter(self.0.options.cleanup_interval)).await;
            if let Err(error) = self.clean().await {
                tracing::warn!(%error, "leftovers of the object store can't be looked for now");
            }
        }
    }

    async fn clean(&self) -> Result<(), StoreError> {
        let orphans = self.0.store.claim_orphaned_artifacts(self.0.options.cleanup_batch).await?;
        for orphan in orphans {
            let keys = [Some(&orphan.object_key), orphan.upload_key.as_ref()];
            if self.remove(keys.into_iter().flatten()).await {
                self.0.store.artifact_cleaned(orphan.session, &orphan.artifact).await?;
                metrics::counter!("cowork_objects_removed_total", "why" => "unpublished").increment(1);
            }
        }
        let discarded = self.0.store.discarded_objects(GRACE, self.0.options.cleanup_batch).await?;
        let mut removed = Vec::with_capacity(discarded.len());
        for key in discarded {
            if self.remove([&key]).await {
                removed.push(key);
            }
        }
        if !removed.is_empty() {
            metrics::counter!("cowork_objects_removed_total", "why" => "discarded").increment(removed.len() as u64);
            self.0.store.forget_discarded_objects(&removed).await?;
        }
        Ok(())
    }

    async fn remove(&self, keys: impl IntoIterator<Item = &String>) -> bool {
        for key in keys {
            if let Err(error) = self.0.objects.delete(&ObjectKey::stored(key.clone())).await {
                tracing::warn!(%error, "an object can't be removed now");
                return false;
            }
        }
        true
    }
}
