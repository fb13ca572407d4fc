//! A node's row: registration, lease, fence.

use super::locks;
use crate::{Store, StoreError};
use cowork_domain::ids::{Incarnation, NodeNumber};
use std::time::Duration;

/// A node that wants to take part.
#[derive(Debug, Clone)]
pub struct NodeRegistration {
    /// Unique in the cluster; the same over restarts.
    pub name: String,
    /// Where peers reach it.
    pub address: String,
    /// What it does: `web`, `worker`, `scheduler`.
    pub roles: Vec<String>,
    /// How long it counts as alive without a renewal.
    pub lease: Duration,
}

/// A node that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Its number, the same over restarts.
    pub node: NodeNumber,
    /// This life of it.
    pub incarnation: Incarnation,
    /// How many shards the cluster has.
    pub shard_count: i32,
}

/// What came of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The lease runs anew from now.
    Renewed,
    /// This incarnation was declared dead, or another one took its place.
    Fenced,
}

impl Store {
    /// Begins a new incarnation of a node. Batches of the one before have ended or are refused when this returns.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn register_node(&self, registration: NodeRegistration) -> Result<Registered, StoreError> {
        let NodeRegistration { name, address, roles, lease } = registration;
        sqlx::query!(
            "insert into nodes (name, address, roles, lease_expires_at, registered_at) values ($1, $2, $3, now(), now())
             on conflict (name) do nothing",
            name,
            address,
            &roles
        )
        .execute(&self.membership)
        .await?;
        let node = NodeNumber(sqlx::query_scalar!("select node from nodes where name = $1", name).fetch_one(&self.membership).await?);

        let mut transaction = self.membership.begin().await?;
        locks::take_over(&mut transaction, node).await?;
        let row = sqlx::query!(
            r#"update nodes
                  set incarnation = incarnation + 1, address = $2, roles = $3, draining = false, fenced = false, has_left = false, lease_ms = $5,
                      lease_expires_at = clock_timestamp() + make_interval(secs => $4), registered_at = clock_timestamp()
                where node = $1
            returning incarnation, (select shard_count from cluster) as "shard_count!""#,
            node.0,
            address,
            &roles,
            lease.as_secs_f64(),
            i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.announce().await;
        Ok(Registered { node, incarnation: Incarnation(row.incarnation), shard_count: row.shard_count })
    }

    /// Renews the lease of an incarnation that isn't fenced, even if it ended in the meantime: nobody took its place.
    ///
    /// # Errors
    /// `Unavailable`, `Database`. The lease then runs on from the last renewal.
    pub async fn renew_lease(&self, node: NodeNumber, incarnation: Incarnation, lease: Duration) -> Result<Renewal, StoreError> {
        let renewed = sqlx::query!(
            "update nodes set lease_expires_at = clock_timestamp() + make_interval(secs => $3)
              where node = $1 and incarnation = $2 and not fenced",
            node.0,
            incarnation.0,
            lease.as_secs_f64()
        )
        .execute(&self.membership)
        .await?;
        Ok(if renewed.rows_affected() == 1 { Renewal::Renewed } else { Renewal::Fenced })
    }

    /// Ends an incarnation in order: its shards are free for others, its lease is over, and it never writes again.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn leave(&self, node: NodeNumber, incarnation: Incarnation) -> Result<(), StoreError> {
        let mut transaction = self.membership.begin().await?;
        locks::take_over(&mut transaction, node).await?;
        sqlx::query!(
            "update nodes set fenced = true, has_left = true, lease_expires_at = clock_timestamp() where node = $1 and incarnation = $2",
            node.0,
            incarnation.0
        )
        .execute(&mut *transaction)
        .await?;
        let owned = sqlx::query_scalar!(
            "select shard from shards where owner = $1 and owner_incarnation = $2 order by shard for no key update",
            node.0,
            incarnation.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        sqlx::query!(
            "update shards
                set former_owner = owner, move_reason = 'leave', owned_since = clock_timestamp(),
                    owner = null, owner_incarnation = null, epoch = epoch + 1
              where shard = any($1)",
            &owned
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.announce().await;
        Ok(())
    }
}
