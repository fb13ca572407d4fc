//! Uploaded projects: reserved with their bytes of the day's quota, stored, referred to by sessions, or removed.

use super::quota::{DayQuota, take_bytes};
use crate::{
    Store, StoreError,
    column::{bigint, count},
};
use cowork_domain::ids::{OrgId, TenantId};
use std::time::Duration;

/// A snapshot that is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProjectSnapshot {
    /// Where it will lie.
    pub object_key: String,
    /// Whose sessions may use it.
    pub tenant: TenantId,
    /// Whose quota it takes.
    pub org: OrgId,
    /// Bytes of the object.
    pub size: u64,
    /// Its lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// If it isn't stored by then, it never will be.
    pub lifetime: Duration,
}

/// A snapshot that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSnapshot {
    /// Bytes of the object.
    pub size: u64,
    /// Its lower-case hexadecimal SHA-256.
    pub sha256: String,
}

impl Store {
    /// Reserves a place for a snapshot and takes its bytes from the day's quota.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn reserve_project_snapshot(&self, new: &NewProjectSnapshot, bytes_per_day: Option<u64>) -> Result<DayQuota, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "insert into project_snapshots (object_key, tenant, org, state, size, sha256, day, expires_at)
             values ($1, $2, $3, 'reserved', $4, $5, (now() at time zone 'utc')::date, now() + make_interval(secs => $6))",
            new.object_key,
            new.tenant.as_str(),
            new.org.as_str(),
            bigint(new.size),
            new.sha256,
            new.lifetime.as_secs_f64()
        )
        .execute(&mut *transaction)
        .await?;
        let quota = take_bytes(&mut transaction, &new.org, new.size, bytes_per_day).await?;
        match quota {
            DayQuota::Taken => transaction.commit().await?,
            DayQuota::UsedUp { .. } => transaction.rollback().await?,
        }
        Ok(quota)
    }

    /// The snapshot is there. False if it took longer than its reservation lived: then it is removed, and nobody may be told of it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn project_snapshot_stored(&self, tenant: &TenantId, object_key: &str, lifetime: Duration) -> Result<bool, StoreError> {
        let stored = sqlx::query!(
            "update project_snapshots set state = 'stored', expires_at = now() + make_interval(secs => $3)
              where object_key = $1 and tenant = $2 and state = 'reserved'",
            object_key,
            tenant.as_str(),
            lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(stored.rows_affected() == 1)
    }

    /// Finds a snapshot of a tenant, and keeps it for at least so long: whoever asks is about to refer to it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn hold_project_snapshot(
        &self,
        tenant: &TenantId,
        object_key: &str,
        hold: Duration,
    ) -> Result<Option<ProjectSnapshot>, StoreError> {
        let row = sqlx::query!(
            "update project_snapshots set expires_at = greatest(expires_at, now() + make_interval(secs => $3))
              where object_key = $1 and tenant = $2 and state = 'stored'
             returning size, sha256",
            object_key,
            tenant.as_str(),
            hold.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| ProjectSnapshot { size: count(row.size), sha256: row.sha256 }))
    }

    /// Takes in hand, for a minute, snapshots whose time is over and that no session refers to, over all tenants. What was never
    /// stored gives its bytes back.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_unused_project_snapshots(&self, most: u32) -> Result<Vec<String>, StoreError> {
        let keys = sqlx::query_scalar!(
            r#"with due as (
                   select object_key, state as before from project_snapshots
                    where not bound and expires_at < now() and (claimed_until is null or claimed_until < now())
                    order by expires_at limit $1 for update skip locked),
               taken as (
                   update project_snapshots s set state = 'cleanup_pending', claimed_until = now() + interval '1 minute'
                     from due where s.object_key = due.object_key
                   returning s.object_key, s.org, s.day, s.size, due.before),
               given_back as (
                   update artifact_days d set bytes = greatest(0, d.bytes - t.bytes)
                     from (select org, day, sum(size)::bigint as bytes from taken where before = 'reserved' group by org, day) t
                    where d.org = t.org and d.day = t.day)
               select object_key as "object_key!" from taken"#,
            i64::from(most)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(keys)
    }

    /// A snapshot that was claimed is removed.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn project_snapshot_removed(&self, object_key: &str) -> Result<(), StoreError> {
        sqlx::query!("delete from project_snapshots where object_key = $1 and state = 'cleanup_pending'", object_key)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
