//! Linking what was written: the only writer of the chain.

use super::chain_columns::{ChainColumns, micros};
use crate::{Store, StoreError, column::count, membership::locks::LockClass};
use cowork_domain::{
    audit::{ChainHash, Seal, SealHead},
    ids::{OrgId, derived_uuid},
};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What one call sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSealed {
    /// Rows of the new seal; none if there was nothing, or if somebody else is sealing this log.
    pub rows: u64,
    /// The batch was full, so there may be more.
    pub has_more: bool,
}

/// Rows of an org that wait for a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsealedAudit {
    /// Whose.
    pub org: OrgId,
    /// How many, counted as far as asked for.
    pub rows: u64,
}

impl Store {
    /// The orgs that have unsealed rows, in the order of their names; `count_up_to` rows of each are counted.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn unsealed_audit(&self, count_up_to: u32) -> Result<Vec<UnsealedAudit>, StoreError> {
        // Goes from org to org in the index instead of through all rows.
        let rows = sqlx::query!(
            r#"with recursive orgs as (
                   (select org from audit_events where chain_position is null order by org limit 1)
                   union all
                   select (select e.org from audit_events e where e.chain_position is null and e.org > o.org order by e.org limit 1)
                     from orgs o where o.org is not null
               )
               select o.org as "org!",
                      (select count(*) from (select 1 from audit_events e where e.org = o.org and e.chain_position is null limit $1) c)
                          as "rows!"
                 from orgs o where o.org is not null"#,
            i64::from(count_up_to)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| UnsealedAudit { org: OrgId::new(row.org), rows: count(row.rows) }).collect())
    }

    /// Links the oldest unsealed rows of an org, at most `limit`, as one new seal at the end of its chain.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn seal_audit(&self, org: &OrgId, limit: u32) -> Result<AuditSealed, StoreError> {
        let nothing = AuditSealed { rows: 0, has_more: false };
        let mut transaction = self.pool.begin().await?;
        // Everything below is a later statement and sees what the holder before committed.
        let Some(sealed_at) = lock(&mut transaction, org).await? else { return Ok(nothing) };
        let head = head(&mut transaction, org).await?;
        let rows = sqlx::query_as!(
            ChainColumns,
            r#"select chain_position, id, event_type, actor_type, actor_id, account_id, target_type, target_id,
                      metadata::text as "metadata!", created_at
                 from audit_events
                where org = $1 and chain_position is null
                order by created_at, id
                limit $2"#,
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&mut *transaction)
        .await?;
        let hashes: Vec<ChainHash> = rows.iter().map(|row| row.hash(org)).collect();
        let Some(seal) = Seal::link(org, head.as_ref(), &hashes, micros(sealed_at)) else {
            // At once: a dropped transaction keeps its lock until its connection is used again.
            transaction.rollback().await?;
            return Ok(nothing);
        };
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let placed = sqlx::query!(
            "update audit_events e set chain_position = $2 + t.o - 1
               from unnest($1::uuid[]) with ordinality t(id, o)
              where e.id = t.id and e.chain_position is null",
            &ids,
            seal.first
        )
        .execute(&mut *transaction)
        .await?;
        if placed.rows_affected() != ids.len() as u64 {
            return Err(StoreError::inconsistent("audit_events", org, "a row vanished or was sealed while its log was locked"));
        }
        sqlx::query!(
            "insert into audit_seals (org, number, first, last, links, previous, hash, sealed_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            org.as_str(),
            seal.number,
            seal.first,
            seal.last,
            &seal.links,
            seal.previous.as_bytes(),
            seal.hash.as_bytes(),
            sealed_at
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(AuditSealed { rows: ids.len() as u64, has_more: ids.len() >= limit as usize })
    }
}

/// Takes the lock of an org's chain for the rest of the transaction, and tells the time; `None` if somebody has it.
pub(super) async fn lock(transaction: &mut PgConnection, org: &OrgId) -> Result<Option<OffsetDateTime>, StoreError> {
    // Two orgs that share a key only take turns.
    let [a, b, c, d, ..] = derived_uuid(&["audit", org.as_str()]).into_bytes();
    let answer = sqlx::query!(
        r#"select pg_try_advisory_xact_lock($1, $2) as "taken!", statement_timestamp() as "now!""#,
        LockClass::AuditChain.key(),
        i32::from_be_bytes([a, b, c, d])
    )
    .fetch_one(transaction)
    .await?;
    Ok(answer.taken.then_some(answer.now))
}

async fn head(transaction: &mut PgConnection, org: &OrgId) -> Result<Option<SealHead>, StoreError> {
    let row = sqlx::query!("select number, last, hash from audit_seals where org = $1 order by number desc limit 1", org.as_str())
        .fetch_optional(transaction)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let hash = ChainHash::from_bytes(&row.hash).ok_or_else(|| StoreError::inconsistent("audit_seals", org, "a hash isn't 32 bytes"))?;
    Ok(Some(SealHead { number: row.number, last: row.last, hash }))
}
