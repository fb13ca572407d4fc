//! The cluster as the database knows it: what every node decides from, and what operators see.

use crate::{Store, StoreError};
use cowork_domain::{
    ids::{Epoch, Incarnation, NodeNumber, ShardId},
    timestamp::Timestamp,
};
use serde::Deserialize;
use sqlx::types::Json;
use std::time::Duration;

/// All nodes and all shards at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// How many shards the cluster has.
    pub shard_count: i32,
    /// In the order of their numbers.
    pub nodes: Vec<NodeRow>,
    /// In the order of their numbers.
    pub shards: Vec<ShardRow>,
}

/// A node's last registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its number, the same over restarts.
    pub node: NodeNumber,
    /// Its name, the same over restarts.
    pub name: String,
    /// Its life.
    pub incarnation: Incarnation,
    /// Where peers reach it.
    pub address: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Whether it is asked to give up its shards.
    pub draining: bool,
    /// Whether this life was declared dead, or left.
    pub fenced: bool,
    /// Whether it gave everything back and went.
    pub has_left: bool,
    /// What is left of its lease; zero if it is over, and then anybody may declare it dead.
    pub lease_left: Duration,
}

/// A shard's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardRow {
    /// The shard.
    pub shard: ShardId,
    /// Who owns it. That life may have ended in the meantime.
    pub owner: Option<(NodeNumber, Incarnation)>,
    /// Grows with every change of ownership.
    pub epoch: Epoch,
}

/// The last change of a shard's ownership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardMove {
    /// The shard.
    pub shard: ShardId,
    /// The name of the node that had it before.
    pub from: Option<String>,
    /// The name of the node that has it now; `None` while it waits for one.
    pub to: Option<String>,
    /// Why its former owner has it no longer: `hand_over`, `fail_over`, `leave`; or `claim`, if there was none
    /// or it was an earlier life of the same node.
    pub reason: String,
    /// Its epoch since then.
    pub epoch: Epoch,
    /// When.
    pub at: Timestamp,
}

/// A node as the query returns it.
#[derive(Debug, Deserialize)]
struct NodeFields {
    node: i32,
    name: String,
    incarnation: i64,
    address: String,
    roles: Vec<String>,
    draining: bool,
    fenced: bool,
    has_left: bool,
    lease_left: f64,
}

impl Store {
    /// The cluster at one moment.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn cluster_view(&self) -> Result<ClusterView, StoreError> {
        // One row of arrays: every node asks every second, and 256 rows would cost more than all the rest.
        let row = sqlx::query!(
            r#"select c.shard_count, n.nodes as "nodes!: Json<Vec<NodeFields>>", s.shards as "shards!",
                      s.owners as "owners!: Vec<Option<i32>>", s.incarnations as "incarnations!: Vec<Option<i64>>", s.epochs as "epochs!"
                 from cluster c,
                      (select coalesce(json_agg(json_build_object(
                                  'node', node, 'name', name, 'incarnation', incarnation, 'address', address, 'roles', roles,
                                  'draining', draining, 'fenced', fenced, 'has_left', has_left,
                                  'lease_left', extract(epoch from lease_expires_at - clock_timestamp())::float8) order by node), '[]') as nodes
                         from nodes) n,
                      (select array_agg(shard) as shards, array_agg(owner) as owners, array_agg(owner_incarnation) as incarnations,
                              array_agg(epoch) as epochs
                         from (select shard, owner, owner_incarnation, epoch from shards order by shard) o) s"#
        )
        .fetch_one(&self.membership)
        .await?;
        let owners = row.owners.into_iter().zip(row.incarnations);
        let shards = row.shards.into_iter().zip(owners).zip(row.epochs).map(|((shard, owner), epoch)| ShardRow {
            shard: ShardId(shard),
            owner: match owner {
                (Some(node), Some(incarnation)) => Some((NodeNumber(node), Incarnation(incarnation))),
                _ => None,
            },
            epoch: Epoch(epoch),
        });
        Ok(ClusterView {
            shard_count: row.shard_count,
            nodes: row.nodes.0.into_iter().map(NodeFields::read).collect(),
            shards: shards.collect(),
        })
    }

    /// The last change of each shard's ownership, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn recent_moves(&self, limit: i64) -> Result<Vec<ShardMove>, StoreError> {
        let rows = sqlx::query!(
            r#"select s.shard, f.name as "from_name?", o.name as "to_name?", s.move_reason as "reason!", s.epoch, s.owned_since as "at!"
                 from shards s
                 left join nodes f on f.node = s.former_owner
                 left join nodes o on o.node = s.owner
                where s.owned_since is not null and s.move_reason is not null
                order by s.owned_since desc, s.shard
                limit $1"#,
            limit.max(0)
        )
        .fetch_all(&self.membership)
        .await?;
        let moves = rows.into_iter().map(|row| ShardMove {
            shard: ShardId(row.shard),
            from: row.from_name,
            to: row.to_name,
            reason: row.reason,
            epoch: Epoch(row.epoch),
            at: row.at.into(),
        });
        Ok(moves.collect())
    }
}

impl NodeFields {
    fn read(self) -> NodeRow {
        let lease_left = seconds(self.lease_left);
        NodeRow {
            node: NodeNumber(self.node),
            name: self.name,
            incarnation: Incarnation(self.incarnation),
            address: self.address,
            roles: self.roles,
            draining: self.draining,
            fenced: self.fenced,
            has_left: self.has_left,
            lease_left,
        }
    }
}

/// What is left of something, which is nothing when it is over.
pub(super) fn seconds(left: f64) -> Duration {
    Duration::try_from_secs_f64(left).unwrap_or_default()
}
