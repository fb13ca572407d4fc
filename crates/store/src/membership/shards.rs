//! Taking shards and giving them up. Who should own what is decided above this.
//!
//! Whatever changes ownership takes what it needs in one order: the locks of nodes by their numbers, the rows of
//! nodes by their numbers, the rows of shards by theirs. So two takers wait for each other and never dead-lock.

use super::locks;
use crate::{Store, StoreError};
use cowork_domain::ids::{Epoch, Incarnation, NodeNumber, ShardId};
use sqlx::PgConnection;

impl Store {
    /// Takes those of `wanted` that nobody owns, that an ended incarnation owned (this node's or another's), or whose
    /// owner is fenced or let its lease end; such an owner is fenced. Returns all shards that this incarnation owns
    /// now, in order: none if it is fenced itself, which also changes nothing.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_shards(
        &self,
        node: NodeNumber,
        incarnation: Incarnation,
        wanted: &[ShardId],
    ) -> Result<Vec<(ShardId, Epoch)>, StoreError> {
        let wanted = numbers(wanted);
        let mut transaction = self.membership.begin().await?;
        // One row per owner that must be fenced first, and one without for all that is free as it is.
        let claimable = sqlx::query_scalar!(
            r#"select distinct case when n.incarnation = s.owner_incarnation then n.node end as dead
                 from shards s left join nodes n on n.node = s.owner
                where s.shard = any($3)
                  and (s.owner is null or s.owner_incarnation < n.incarnation
                       or n.node <> $1 and (n.fenced or n.lease_expires_at < clock_timestamp()))
                  and exists (select from nodes me where me.node = $1 and me.incarnation = $2 and not me.fenced)
                order by 1"#,
            node.0,
            incarnation.0,
            &wanted
        )
        .fetch_all(&mut *transaction)
        .await?;
        if claimable.is_empty() {
            // Locking rows would make this wait for the disk.
            return owned(&mut transaction, node, incarnation).await;
        }
        let dead: Vec<i32> = claimable.into_iter().flatten().collect();
        for owner in &dead {
            locks::take_over(&mut transaction, NodeNumber(*owner)).await?;
        }
        // From here on nobody fences this node, and the others neither renew nor come back.
        let standings = sqlx::query!(
            r#"select node, incarnation, fenced, fenced or lease_expires_at < clock_timestamp() as "is_dead!"
                 from nodes where node = $1 or node = any($2)
                order by node for no key update"#,
            node.0,
            &dead
        )
        .fetch_all(&mut *transaction)
        .await?;
        if !standings.iter().any(|row| row.node == node.0 && row.incarnation == incarnation.0 && !row.fenced) {
            transaction.rollback().await?;
            return Ok(Vec::new());
        }
        // One may have renewed or come back while we waited for it.
        let taken: Vec<i32> = standings.iter().filter(|row| row.node != node.0 && row.is_dead).map(|row| row.node).collect();
        let fenced =
            sqlx::query!("update nodes set fenced = true where node = any($1) and not fenced", &taken).execute(&mut *transaction).await?;
        let free = sqlx::query_scalar!(
            "select shard from shards
              where shard = any($3)
                and (owner is null or owner = any($4) or owner = $1 and owner_incarnation <> $2
                     or owner_incarnation < (select n.incarnation from nodes n where n.node = owner))
              order by shard for no key update",
            node.0,
            incarnation.0,
            &wanted,
            &taken
        )
        .fetch_all(&mut *transaction)
        .await?;
        // Where nobody is the owner, the row tells already who had it before, and why no longer.
        sqlx::query!(
            "update shards
                set former_owner = coalesce(owner, former_owner),
                    move_reason = case when owner is null then coalesce(move_reason, 'claim') when owner = $1 then 'claim' else 'fail_over' end,
                    owned_since = clock_timestamp(), owner = $1, owner_incarnation = $2, epoch = epoch + 1
              where shard = any($3)",
            node.0,
            incarnation.0,
            &free
        )
        .execute(&mut *transaction)
        .await?;
        let owned = owned(&mut transaction, node, incarnation).await?;
        transaction.commit().await?;
        if fenced.rows_affected() > 0 || !free.is_empty() {
            self.announce().await;
        }
        Ok(owned)
    }

    /// Gives up those of `shards` that this incarnation owns, for whoever claims them; returns how many. It waits for
    /// the batches that run, and what is queued behind it is refused as not the owner's.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn release_shards(&self, node: NodeNumber, incarnation: Incarnation, shards: &[ShardId]) -> Result<u64, StoreError> {
        let shards = numbers(shards);
        let mut transaction = self.membership.begin().await?;
        locks::take_over(&mut transaction, node).await?;
        let owned = sqlx::query_scalar!(
            "select shard from shards where shard = any($3) and owner = $1 and owner_incarnation = $2 order by shard for no key update",
            node.0,
            incarnation.0,
            &shards
        )
        .fetch_all(&mut *transaction)
        .await?;
        let released = sqlx::query!(
            "update shards
                set former_owner = owner, move_reason = 'hand_over', owned_since = clock_timestamp(),
                    owner = null, owner_incarnation = null, epoch = epoch + 1
              where shard = any($1)",
            &owned
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if released.rows_affected() > 0 {
            self.announce().await;
        }
        Ok(released.rows_affected())
    }
}

/// What an incarnation owns that isn't fenced.
async fn owned(connection: &mut PgConnection, node: NodeNumber, incarnation: Incarnation) -> Result<Vec<(ShardId, Epoch)>, StoreError> {
    let rows = sqlx::query!(
        "select s.shard, s.epoch from shards s join nodes n on n.node = s.owner and n.incarnation = s.owner_incarnation
          where s.owner = $1 and s.owner_incarnation = $2 and not n.fenced
          order by s.shard",
        node.0,
        incarnation.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ShardId(row.shard), Epoch(row.epoch))).collect())
}

fn numbers(shards: &[ShardId]) -> Vec<i32> {
    shards.iter().map(|shard| shard.0).collect()
}
