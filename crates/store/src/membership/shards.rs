//! Taking shards. For now one node owns all; who should own what is decided above this.

use super::locks;
use crate::{Store, StoreError};
use cowork_domain::ids::{Epoch, Incarnation, NodeNumber, ShardId};

impl Store {
    /// Takes every shard that nobody owns, that an earlier incarnation of this node owned, or whose
    /// owner is fenced or let its lease end; the latter is fenced. Returns all shards that this
    /// incarnation owns now, in order: none if it is fenced itself.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_shards(&self, node: NodeNumber, incarnation: Incarnation) -> Result<Vec<(ShardId, Epoch)>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        // Locks of several owners are taken in the order of their numbers, so that two takers can't dead-lock.
        let dead = sqlx::query_scalar!(
            r#"select distinct n.node as "node!" from shards s join nodes n on n.node = s.owner
                where n.node <> $1 and (n.fenced or n.lease_expires_at < clock_timestamp())
                order by 1"#,
            node.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut taken = Vec::new();
        for owner in dead {
            locks::take_over(&mut transaction, NodeNumber(owner)).await?;
            // It may have renewed while we waited.
            let fenced =
                sqlx::query!("update nodes set fenced = true where node = $1 and (fenced or lease_expires_at < clock_timestamp())", owner)
                    .execute(&mut *transaction)
                    .await?;
            if fenced.rows_affected() == 1 {
                taken.push(owner);
            }
        }
        sqlx::query!(
            "update shards s set owner = $1, owner_incarnation = $2, epoch = s.epoch + 1
              where (s.owner is null or s.owner = $1 and s.owner_incarnation <> $2 or s.owner = any($3))
                and exists (select from nodes n where n.node = $1 and n.incarnation = $2 and not n.fenced for share)",
            node.0,
            incarnation.0,
            &taken
        )
        .execute(&mut *transaction)
        .await?;
        let owned = sqlx::query!(
            "select s.shard, s.epoch from shards s join nodes n on n.node = s.owner and n.incarnation = s.owner_incarnation
              where s.owner = $1 and s.owner_incarnation = $2 and not n.fenced
              order by s.shard",
            node.0,
            incarnation.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(owned.into_iter().map(|row| (ShardId(row.shard), Epoch(row.epoch))).collect())
    }
}
