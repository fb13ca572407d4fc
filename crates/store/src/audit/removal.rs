//! Retention: the only way in which audit rows go.

use super::seal::lock;
use crate::{Store, StoreError, column::instant};
use cowork_domain::{ids::OrgId, timestamp::Timestamp};

impl Store {
    /// Removes the rows of the oldest seals of an org that were made before an instant, at most `limit` seals; returns
    /// how many rows that were. The seals stay, so that what remains can still be verified. An unsealed row is never
    /// removed, and nothing is while somebody else works on this log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn remove_audit(&self, org: &OrgId, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(now) = lock(&mut transaction, org).await? else { return Ok(0) };
        // The triggers let nobody else through.
        sqlx::query!("select set_config('cowork.audit_retention', 'on', true)").fetch_one(&mut *transaction).await?;
        let seals = sqlx::query!(
            "select number, first, last from audit_seals
              where org = $1 and removed_at is null and sealed_at < $2 order by number limit $3",
            org.as_str(),
            instant(before),
            i64::from(limit)
        )
        .fetch_all(&mut *transaction)
        .await?;
        let (Some(first), Some(last)) = (seals.first(), seals.last()) else {
            // At once: a dropped transaction keeps its lock until its connection is used again.
            transaction.rollback().await?;
            return Ok(0);
        };
        sqlx::query!(
            "update audit_seals set removed_at = $4 where org = $1 and number >= $2 and number <= $3 and removed_at is null",
            org.as_str(),
            first.number,
            last.number,
            now
        )
        .execute(&mut *transaction)
        .await?;
        let removed = sqlx::query!(
            "delete from audit_events where org = $1 and chain_position >= $2 and chain_position <= $3",
            org.as_str(),
            first.first,
            last.last
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }
}
