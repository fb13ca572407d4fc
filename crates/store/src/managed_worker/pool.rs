//! Pools.

use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{OrgId, TenantId},
    managed_worker::{PoolEdit, PoolMode, PoolRequest, PoolStatus, WorkerPool},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

impl Store {
    /// The pools of an organisation, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn worker_pools(&self, org: &OrgId, status: Option<PoolStatus>, limit: u32) -> Result<Vec<WorkerPool>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select p.pool, p.org, o.tenant, p.name, p.mode, p.status, p.region, p.capabilities, p.max_workers, p.max_concurrent_work,
                    p.created_at, p.updated_at
               from managed_worker_pools p join orgs o on o.org = p.org
              where p.org = $1 and ($2::text is null or p.status = $2) order by p.created_at desc, p.pool limit $3",
            org.as_str(),
            status.map(PoolStatus::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Makes a pool; one with the id that is there already stays as it is. None: the caller belongs to no organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn create_worker_pool(
        &self,
        by: &Principal,
        id: &str,
        request: &PoolRequest,
        cause: &str,
        at: Timestamp,
    ) -> Result<Option<WorkerPool>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let made = sqlx::query!(
            "insert into managed_worker_pools (org, pool, name, mode, status, region, capabilities, max_workers, max_concurrent_work)
             select org, $2, $3, $4, $5, $6, $7, $8, $9 from orgs where org = $1
             on conflict (org, pool) do nothing",
            by.org_id.as_str(),
            id,
            request.name,
            request.mode.as_str(),
            request.status.as_str(),
            request.region,
            request.capabilities,
            request.max_workers,
            request.max_concurrent_work
        )
        .execute(&mut *transaction)
        .await?;
        let Some(pool) = read(&mut transaction, &by.org_id, id).await? else { return Ok(None) };
        if made.rows_affected() == 1 {
            write_audit(&mut transaction, &[audit(by, &pool, AuditAction::ManagedWorkerPoolCreated, cause, at)]).await?;
        }
        transaction.commit().await?;
        Ok(Some(pool))
    }

    /// Changes a pool. None: the organisation has no such pool.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn update_worker_pool(
        &self,
        by: &Principal,
        id: &str,
        edit: &PoolEdit,
        cause: &str,
        at: Timestamp,
    ) -> Result<Option<WorkerPool>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        if lock(&mut transaction, &by.org_id, id).await?.is_none() {
            return Ok(None);
        }
        let Some(before) = read(&mut transaction, &by.org_id, id).await? else { return Ok(None) };
        let pool = edit.apply(before);
        sqlx::query!(
            "update managed_worker_pools
                set name = $3, mode = $4, status = $5, region = $6, capabilities = $7, max_workers = $8, max_concurrent_work = $9,
                    updated_at = now()
              where org = $1 and pool = $2",
            by.org_id.as_str(),
            id,
            pool.name,
            pool.mode.as_str(),
            pool.status.as_str(),
            pool.region,
            pool.capabilities,
            pool.max_workers,
            pool.max_concurrent_work
        )
        .execute(&mut *transaction)
        .await?;
        write_audit(&mut transaction, &[audit(by, &pool, AuditAction::ManagedWorkerPoolUpdated, cause, at)]).await?;
        let pool = read(&mut transaction, &by.org_id, id).await?;
        transaction.commit().await?;
        Ok(pool)
    }
}

/// A pool's limits, for as long as the transaction lasts nobody else's to use.
pub(super) struct Limits {
    pub(super) max_workers: Option<i64>,
    pub(super) max_concurrent_work: Option<i64>,
}

pub(super) async fn lock(connection: &mut PgConnection, org: &OrgId, id: &str) -> Result<Option<Limits>, StoreError> {
    let limits = sqlx::query_as!(
        Limits,
        "select max_workers, max_concurrent_work from managed_worker_pools where org = $1 and pool = $2 for no key update",
        org.as_str(),
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(limits)
}

async fn read(connection: &mut PgConnection, org: &OrgId, id: &str) -> Result<Option<WorkerPool>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select p.pool, p.org, o.tenant, p.name, p.mode, p.status, p.region, p.capabilities, p.max_workers, p.max_concurrent_work,
                p.created_at, p.updated_at
           from managed_worker_pools p join orgs o on o.org = p.org where p.org = $1 and p.pool = $2",
        org.as_str(),
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(TryInto::try_into).transpose()
}

fn audit(by: &Principal, pool: &WorkerPool, action: AuditAction, cause: &str, at: Timestamp) -> AuditRow {
    let metadata = json!({ "name": pool.name, "mode": pool.mode.as_str(), "status": pool.status.as_str() });
    AuditRow::by(by, cause, action, &AuditTarget::new("managed_worker_pool", &pool.pool_id), metadata, at)
}

struct Row {
    pool: String,
    org: String,
    tenant: String,
    name: String,
    mode: String,
    status: String,
    region: Option<String>,
    capabilities: Value,
    max_workers: Option<i64>,
    max_concurrent_work: Option<i64>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for WorkerPool {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::inconsistent("managed_worker_pools", &row.pool, what);
        Ok(Self {
            org_id: OrgId::new(row.org),
            tenant_id: TenantId::new(row.tenant),
            name: row.name,
            mode: PoolMode::parse(&row.mode).ok_or_else(|| wrong("unknown mode"))?,
            status: PoolStatus::parse(&row.status).ok_or_else(|| wrong("unknown status"))?,
            region: row.region,
            capabilities: row.capabilities,
            max_workers: row.max_workers,
            max_concurrent_work: row.max_concurrent_work,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            pool_id: row.pool,
        })
    }
}
