//! The list of nodes in the hands of operators: whose name is taken, who shall go, who is forgotten.

use super::{locks, locks::LockClass, view::seconds};
use crate::{Store, StoreError};
use cowork_domain::ids::NodeNumber;
use std::time::Duration;

/// A living process that goes by a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameInUse {
    /// Where peers reach it.
    pub address: String,
    /// Its lease ends after this long, unless it renews it.
    pub lease_left: Duration,
}

impl Store {
    /// Tells a node to give up its shards, or to take some again. Whoever registers anew isn't draining.
    /// `false`: there is no such node.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn set_draining(&self, name: &str, draining: bool) -> Result<bool, StoreError> {
        let changed = sqlx::query!("update nodes set draining = $2 where name = $1", name, draining).execute(&self.membership).await?;
        if changed.rows_affected() == 1 {
            self.announce().await;
        }
        Ok(changed.rows_affected() == 1)
    }

    /// The living process that goes by this name: its lease runs, and it holds the node's liveness lock or has come too lately
    /// to hold it. To be asked before a registration, which would end that process's part in the cluster.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn name_in_use(&self, name: &str) -> Result<Option<NameInUse>, StoreError> {
        let row = sqlx::query!(
            r#"select n.address, extract(epoch from n.lease_expires_at - clock_timestamp())::float8 as "lease_left!"
                 from nodes n
                where n.name = $1 and n.lease_expires_at > clock_timestamp()
                  and (not n.fenced and n.registered_at > clock_timestamp() - interval '2 seconds'
                       or exists (select from pg_locks l
                                   where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.mode = 'ExclusiveLock'
                                     and l.database = (select oid from pg_database where datname = current_database())
                                     and l.classid::bigint = $2 and l.objid::bigint = n.node))"#,
            name,
            i64::from(LockClass::Liveness.key())
        )
        .fetch_optional(&self.membership)
        .await?;
        Ok(row.map(|row| NameInUse { address: row.address, lease_left: seconds(row.lease_left) }))
    }

    /// Forgets a node that left or is dead (fenced, or its lease is over) and owns nothing. `false`: there is no such
    /// node, or it isn't so. A process of it that still runs is refused from then on, as if it was fenced; should
    /// the name come back, it is a new node.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn remove_node(&self, name: &str) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!("select node from nodes where name = $1", name).fetch_optional(&self.membership).await?;
        let Some(node) = found.map(NodeNumber) else { return Ok(false) };
        let mut transaction = self.membership.begin().await?;
        locks::take_over(&mut transaction, node).await?;
        // A claim of it that runs has its row, and is waited for: the next statement sees what it took.
        sqlx::query!("select node from nodes where node = $1 for update", node.0).fetch_optional(&mut *transaction).await?;
        let removed = sqlx::query!(
            "delete from nodes
              where node = $1 and (fenced or lease_expires_at < clock_timestamp()) and not exists (select from shards where owner = $1)",
            node.0
        )
        .execute(&mut *transaction)
        .await?;
        if removed.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query!("delete from lane_marks where node = $1", node.0).execute(&mut *transaction).await?;
        sqlx::query!("delete from fence_marks where node = $1", node.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.announce().await;
        Ok(true)
    }
}
