//! Reading a chain from its first seal to its head. The rules are the domain's.

use super::chain_columns::{ChainColumns, micros};
use crate::{Store, StoreError, column::count};
use cowork_domain::{
    audit::{ChainHash, ChainReport, ChainWalk, PlacedRow, Seal},
    ids::OrgId,
};
use sqlx::PgConnection;

/// Some seals and their rows as they are at one moment: retention may be at work.
const SNAPSHOT: &str = "begin isolation level repeatable read, read only";
/// Seals that are read in one snapshot; the rows are read seal by seal.
const SEALS_TOGETHER: i64 = 16;
/// Strangers that are named; there are none unless somebody tampered.
const STRANGERS: i64 = 100;

impl Store {
    /// Every org that has an audit log, in the order of their names.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn orgs_with_audit(&self) -> Result<Vec<OrgId>, StoreError> {
        // From org to org in each index. A log of which only seals are left is one, too.
        let orgs = sqlx::query_scalar!(
            r#"with recursive writing as (
                   (select org from audit_events order by org limit 1)
                   union all
                   select (select e.org from audit_events e where e.org > w.org order by e.org limit 1) from writing w where w.org is not null
               ), sealed as (
                   (select org from audit_seals order by org limit 1)
                   union all
                   select (select s.org from audit_seals s where s.org > w.org order by s.org limit 1) from sealed w where w.org is not null
               )
               select org as "org!" from (select org from writing union select org from sealed) o where org is not null order by org"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(orgs.into_iter().map(OrgId::new).collect())
    }

    /// Verifies the chain of an org: every seal, and every row that is sealed. `expected` is the hash of a head that
    /// was seen earlier. Rows may be written, sealed and removed meanwhile.
    ///
    /// # Errors
    /// `Unavailable`, `Database`; `Inconsistent` when a seal can't be read at all.
    pub async fn verify_audit(&self, org: &OrgId, expected: Option<ChainHash>) -> Result<ChainReport, StoreError> {
        let mut walk = ChainWalk::new(org.clone(), expected);
        let mut after = i64::MIN;
        loop {
            let mut snapshot = self.pool.begin_with(SNAPSHOT).await?;
            let seals = read_seals(&mut snapshot, org, after).await?;
            for seal in &seals {
                walk.seal(seal, &read_sealed_rows(&mut snapshot, org, seal).await?);
            }
            snapshot.commit().await?;
            let Some(last) = seals.last() else { break };
            after = last.number;
        }
        let mut connection = self.pool.acquire().await?;
        let strangers = read_strangers(&mut connection, org).await?;
        let unsealed =
            sqlx::query_scalar!(r#"select count(*) as "count!" from audit_events where org = $1 and chain_position is null"#, org.as_str())
                .fetch_one(&mut *connection)
                .await?;
        Ok(walk.end(&strangers, count(unsealed)))
    }
}

async fn read_seals(connection: &mut PgConnection, org: &OrgId, after: i64) -> Result<Vec<Seal>, StoreError> {
    let rows = sqlx::query!(
        "select number, first, last, links, previous, hash, sealed_at, removed_at
           from audit_seals where org = $1 and number > $2 order by number limit $3",
        org.as_str(),
        after,
        SEALS_TOGETHER
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let hash = |bytes: &[u8]| {
            let hash = ChainHash::from_bytes(bytes);
            hash.ok_or_else(|| StoreError::inconsistent("audit_seals", format!("{org} {}", row.number), "a hash isn't 32 bytes"))
        };
        Ok(Seal {
            number: row.number,
            first: row.first,
            last: row.last,
            previous: hash(&row.previous)?,
            hash: hash(&row.hash)?,
            links: row.links,
            sealed_at: micros(row.sealed_at),
            is_removed: row.removed_at.is_some(),
        })
    });
    read.collect()
}

/// The rows that say they stand in a seal; of a seal that claims too many places, those that its hashes reach.
async fn read_sealed_rows(connection: &mut PgConnection, org: &OrgId, seal: &Seal) -> Result<Vec<PlacedRow>, StoreError> {
    let reach = i64::try_from(seal.links().len()).unwrap_or(i64::MAX);
    let rows = sqlx::query_as!(
        ChainColumns,
        r#"select chain_position, id, event_type, actor_type, actor_id, account_id, target_type, target_id,
                  metadata::text as "metadata!", created_at
             from audit_events
            where org = $1 and chain_position >= $2 and chain_position <= $3
            order by chain_position, id"#,
        org.as_str(),
        seal.first,
        seal.last.min(seal.first.saturating_add(reach))
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| row.placed(org)).collect())
}

/// Rows that claim a place before the chain or behind it, as it is at this moment.
async fn read_strangers(connection: &mut PgConnection, org: &OrgId) -> Result<Vec<PlacedRow>, StoreError> {
    let rows = sqlx::query_as!(
        ChainColumns,
        r#"select chain_position, id, event_type, actor_type, actor_id, account_id, target_type, target_id,
                  metadata::text as "metadata!", created_at
             from audit_events
            where org = $1 and chain_position < 1
               or org = $1
                  and chain_position > coalesce((select s.last from audit_seals s where s.org = $1 order by s.number desc limit 1), 0)
            order by chain_position, id
            limit $2"#,
        org.as_str(),
        STRANGERS
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| row.placed(org)).collect())
}
