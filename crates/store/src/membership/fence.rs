//! Declaring an incarnation dead, and the proof that it wrote nothing afterwards.

use super::locks::{self, LockClass};
use crate::{Store, StoreError, column};
use cowork_domain::ids::{Incarnation, NodeNumber};

/// A batch that is in the log although its incarnation had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceViolation {
    /// The node.
    pub node: NodeNumber,
    /// The incarnation that had ended.
    pub incarnation: Incarnation,
    /// The lane.
    pub lane: i32,
    /// The lane's last batch when the incarnation ended; `None` if there was none.
    pub last_allowed: Option<u64>,
    /// The lane's last batch now.
    pub found: u64,
}

impl Store {
    /// Declares an incarnation dead. No batch of it commits after this returns. Without effect if a newer one runs.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn fence_node(&self, node: NodeNumber, incarnation: Incarnation) -> Result<(), StoreError> {
        let mut transaction = self.membership.begin().await?;
        locks::take_over(&mut transaction, node).await?;
        let fenced =
            sqlx::query!("update nodes set fenced = true where node = $1 and incarnation = $2 and not fenced", node.0, incarnation.0)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        if fenced.rows_affected() == 1 {
            self.announce().await;
        }
        Ok(())
    }

    /// Fences an incarnation if its process has ended, which is when nobody holds its liveness lock. Returns whether
    /// the incarnation is fenced now, by whomever; a newer incarnation, or none at all, counts as such.
    ///
    /// A free lock says nothing, and the answer is `false`, while a living node may still be about to take it:
    ///
    /// * in the first 2 s after its registration;
    /// * for the length of its lease after a start of the server, which frees the locks of all nodes at once. A living
    ///   node takes its lock again within 60 % of its lease, or has given up on its own. A crash restart, after which
    ///   the postmaster is the same and all connections are gone, is told by the server's statistics: it resets them.
    ///   (Who resets the shared statistics by hand only delays a fence.)
    ///
    /// When the lease is over none of that matters. A fail-over of the server to a replica isn't noticed: a node
    /// that is asked about in that moment is fenced, and joins again.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn fence_if_gone(&self, node: NodeNumber, incarnation: Incarnation) -> Result<bool, StoreError> {
        let mut transaction = self.membership.begin().await?;
        let standing = sqlx::query!(
            r#"select n.fenced,
                      n.lease_expires_at < clock_timestamp()
                      or n.registered_at < clock_timestamp() - interval '2 seconds'
                         and greatest(pg_postmaster_start_time(), (select stats_reset from pg_stat_archiver))
                             < clock_timestamp() - n.lease_ms * interval '1 millisecond' as "has_had_time!"
                 from nodes n where n.node = $1 and n.incarnation = $2"#,
            node.0,
            incarnation.0
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match standing {
            None => return Ok(true),
            Some(standing) if standing.fenced => return Ok(true),
            Some(standing) if !standing.has_had_time => return Ok(false),
            Some(_) => {}
        }
        // Shared, so that peers who ask at the same time don't take each other for the node, and so that the node,
        // which ends the backends that hold its lock, waits for us instead.
        let is_free =
            sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock_shared($1, $2) as "is_free!""#, LockClass::Liveness.key(), node.0)
                .fetch_one(&mut *transaction)
                .await?;
        if !is_free {
            return Ok(false);
        }
        locks::take_over(&mut transaction, node).await?;
        let fenced =
            sqlx::query!("update nodes set fenced = true where node = $1 and incarnation = $2 and not fenced", node.0, incarnation.0)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        if fenced.rows_affected() == 1 {
            self.announce().await;
        }
        Ok(true)
    }

    /// Batches that were committed after their incarnation had ended: none, as long as invariant I3 holds. It sees
    /// the newest incarnation of each lane, because a lane keeps only that one's mark.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn fence_violations(&self) -> Result<Vec<FenceViolation>, StoreError> {
        let rows = sqlx::query!(
            r#"select l.node, l.incarnation, l.lane, f.batch as "last_allowed?", l.batch as found
                 from lane_marks l
                 left join nodes n on n.node = l.node
                 left join fence_marks f on f.node = l.node and f.incarnation = l.incarnation and f.lane = l.lane
                where (n.node is null or n.fenced or n.incarnation > l.incarnation) and (f.batch is null or f.batch < l.batch)
                order by l.node, l.lane"#
        )
        .fetch_all(&self.membership)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| FenceViolation {
                node: NodeNumber(row.node),
                incarnation: Incarnation(row.incarnation),
                lane: row.lane,
                last_allowed: row.last_allowed.map(column::count),
                found: column::count(row.found),
            })
            .collect())
    }
}
