//! Advisory locks, and how to get one from a holder that doesn't answer.

use crate::StoreError;
use cowork_domain::ids::NodeNumber;
use sqlx::{Acquire, PgConnection};
use std::time::Duration;

/// Longer than a batch takes; a holder that keeps a lock for longer is stuck.
const PATIENCE: &str = "100ms";
/// Ended backends leave within milliseconds; after this many rounds something else is wrong.
const ROUNDS: usize = 50;
/// Between rounds, so that a backend that is just ending isn't asked again and again.
const PAUSE: Duration = Duration::from_millis(5);

/// What a lock is for; the first half of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockClass {
    /// Shared by a node's batches, exclusive for whoever takes its shards. The journal function names it too.
    Node,
    /// Held by a node's process as long as it lives.
    Liveness,
    /// Held by a journal lane.
    Lane,
    /// Held by whoever adds to an org's audit chain.
    AuditChain,
}

impl LockClass {
    pub(crate) const fn key(self) -> i32 {
        match self {
            Self::Node => 77_001,
            Self::Liveness => 77_002,
            Self::Lane => 77_003,
            Self::AuditChain => 77_004,
        }
    }

    /// The mode of the holders that stand in the way. Another taker of a node's shards isn't one of them.
    const fn holder_mode(self) -> &'static str {
        match self {
            Self::Node => "ShareLock",
            Self::Liveness | Self::Lane | Self::AuditChain => "ExclusiveLock",
        }
    }
}

/// The second half of a lane's key.
pub(crate) fn lane_key(node: NodeNumber, lane: i32) -> i32 {
    debug_assert!((0..256).contains(&lane), "a node has at most 256 lanes");
    node.0.wrapping_mul(256).wrapping_add(lane)
}

/// Takes a lock for the life of the connection; ends the backends of those who hold it.
pub(crate) async fn hold(connection: &mut PgConnection, class: LockClass, key: i32) -> Result<(), StoreError> {
    set_patience(connection, PATIENCE, false).await?;
    for _ in 0..ROUNDS {
        match sqlx::query!("select pg_advisory_lock($1, $2)", class.key(), key).fetch_one(&mut *connection).await.map_err(StoreError::from)
        {
            Ok(_) => return set_patience(connection, "0", false).await,
            Err(error) if error.is_code("55P03") => end_holders(connection, class, key).await?,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::Unavailable(format!("advisory lock {} {key} can't be had from its holder", class.key())))
}

/// Takes a node's lock exclusively for the rest of the transaction: no batch of it runs afterwards,
/// and those that wait look at the database only after this transaction.
pub(crate) async fn take_over(transaction: &mut PgConnection, node: NodeNumber) -> Result<(), StoreError> {
    let class = LockClass::Node;
    set_patience(transaction, PATIENCE, true).await?;
    for _ in 0..ROUNDS {
        // A time-out would end the whole transaction; here it ends the savepoint.
        let mut attempt = transaction.begin().await?;
        let taken = sqlx::query!("select pg_advisory_xact_lock($1, $2)", class.key(), node.0).fetch_one(&mut *attempt).await;
        match taken.map_err(StoreError::from) {
            Ok(_) => {
                attempt.commit().await?;
                // Rows that come next are in the hands of others who are about to commit.
                return set_patience(transaction, "0", true).await;
            }
            Err(error) if error.is_code("55P03") => attempt.rollback().await?,
            Err(error) => return Err(error),
        }
        end_holders(transaction, class, node.0).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::Unavailable(format!("the lock of node {} can't be had from its holders", node.0)))
}

async fn set_patience(connection: &mut PgConnection, patience: &str, is_local: bool) -> Result<(), StoreError> {
    sqlx::query!("select set_config('lock_timeout', $1, $2)", patience, is_local).fetch_one(connection).await?;
    Ok(())
}

async fn end_holders(connection: &mut PgConnection, class: LockClass, key: i32) -> Result<(), StoreError> {
    let ended = sqlx::query_scalar!(
        r#"select count(pg_terminate_backend(pid)) as "count!"
             from pg_locks
            where locktype = 'advisory' and objsubid = 2 and granted and pid <> pg_backend_pid()
              and database = (select oid from pg_database where datname = current_database())
              and classid::bigint = $1 and objid::bigint = $2 and mode = $3"#,
        i64::from(class.key()),
        i64::from(key),
        class.holder_mode()
    )
    .fetch_one(connection)
    .await?;
    tracing::warn!(lock = class.key(), key, ended, "ended the backends that held an advisory lock for too long");
    Ok(())
}
