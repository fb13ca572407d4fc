//! Workers and their lives.

use super::pool;
use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{OrgId, TenantId},
    managed_worker::{InvalidTransition, ManagedWorker, WorkerRequest, WorkerStatus},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What came of a registration.
#[derive(Debug, Clone, PartialEq)]
pub enum Registration {
    /// The worker, new or as it was.
    Registered(Box<ManagedWorker>),
    /// The organisation has no such pool.
    NoPool,
    /// The pool has as many workers as it may have.
    Full,
}

/// What came of a change in a worker's life.
#[derive(Debug, Clone, PartialEq)]
pub enum Moved {
    /// The worker as it is now.
    Done(Box<ManagedWorker>),
    /// The organisation has no such worker.
    NoWorker,
    /// A worker in its status can't become that.
    Invalid(InvalidTransition),
}

impl Store {
    /// The workers of an organisation, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn managed_workers(
        &self,
        org: &OrgId,
        pool: Option<&str>,
        status: Option<WorkerStatus>,
        limit: u32,
    ) -> Result<Vec<ManagedWorker>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select w.worker, w.org, o.tenant, w.pool, w.display_name, w.status, w.version, w.capabilities, w.last_heartbeat_at,
                    w.last_error_code, w.last_error_summary, w.current_load, w.created_at, w.updated_at, w.revoked_at
               from managed_workers w join orgs o on o.org = w.org
              where w.org = $1 and ($2::text is null or w.pool = $2) and ($3::text is null or w.status = $3)
              order by w.created_at desc, w.worker limit $4",
            org.as_str(),
            pool,
            status.map(WorkerStatus::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn managed_worker(&self, org: &OrgId, id: &str) -> Result<Option<ManagedWorker>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, org, id).await
    }

    /// Registers a worker; one with the id that is there already stays as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn register_worker(
        &self,
        by: &Principal,
        id: &str,
        request: &WorkerRequest,
        cause: &str,
        at: Timestamp,
    ) -> Result<Registration, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        let Some(limits) = pool::lock(&mut transaction, org, &request.pool_id).await? else { return Ok(Registration::NoPool) };
        if let Some(known) = read(&mut transaction, org, id).await? {
            return Ok(Registration::Registered(Box::new(known)));
        }
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from managed_workers where org = $1 and pool = $2 and status not in ('retired', 'revoked')"#,
            org.as_str(),
            request.pool_id
        )
        .fetch_one(&mut *transaction)
        .await?;
        if limits.max_workers.is_some_and(|most| count >= most) && !request.status.is_over() {
            return Ok(Registration::Full);
        }
        sqlx::query!(
            "insert into managed_workers (org, worker, pool, display_name, status, version, capabilities, revoked_at)
             values ($1, $2, $3, $4, $5, $6, $7, case when $5 = 'revoked' then now() end)
             on conflict (org, worker) do nothing",
            org.as_str(),
            id,
            request.pool_id,
            request.display_name,
            request.status.as_str(),
            request.version,
            request.capabilities
        )
        .execute(&mut *transaction)
        .await?;
        let metadata = json!({ "poolId": request.pool_id, "displayName": request.display_name, "status": request.status.as_str() });
        let target = AuditTarget::new("managed_worker", id);
        let row = AuditRow::by(by, cause, AuditAction::ManagedWorkerRegistered, &target, metadata, at);
        write_audit(&mut transaction, &[row]).await?;
        let worker = read(&mut transaction, org, id).await?;
        let worker = worker.ok_or_else(|| StoreError::inconsistent("managed_workers", id, "it was just written"))?;
        transaction.commit().await?;
        Ok(Registration::Registered(Box::new(worker)))
    }

    /// Changes the status of a worker, where its life has that change.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn move_worker(
        &self,
        by: &Principal,
        id: &str,
        to: WorkerStatus,
        reason: Option<&str>,
        cause: &str,
        at: Timestamp,
    ) -> Result<Moved, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        sqlx::query!("select worker from managed_workers where org = $1 and worker = $2 for no key update", org.as_str(), id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(worker) = read(&mut transaction, org, id).await? else { return Ok(Moved::NoWorker) };
        let status = match worker.status.become_next(to) {
            Ok(status) if status == worker.status => return Ok(Moved::Done(Box::new(worker))),
            Ok(status) => status,
            Err(invalid) => return Ok(Moved::Invalid(invalid)),
        };
        sqlx::query!(
            "update managed_workers set status = $3, updated_at = now(), revoked_at = case when $3 = 'revoked' then now() else revoked_at end
              where org = $1 and worker = $2",
            org.as_str(),
            id,
            status.as_str()
        )
        .execute(&mut *transaction)
        .await?;
        let metadata = json!({ "from": worker.status.as_str(), "poolId": worker.pool_id, "reason": reason });
        write_audit(&mut transaction, &[AuditRow::by(by, cause, status.action(), &AuditTarget::new("managed_worker", id), metadata, at)])
            .await?;
        let worker = read(&mut transaction, org, id).await?;
        transaction.commit().await?;
        Ok(worker.map_or(Moved::NoWorker, |worker| Moved::Done(Box::new(worker))))
    }
}

pub(super) async fn read(connection: &mut PgConnection, org: &OrgId, id: &str) -> Result<Option<ManagedWorker>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select w.worker, w.org, o.tenant, w.pool, w.display_name, w.status, w.version, w.capabilities, w.last_heartbeat_at,
                w.last_error_code, w.last_error_summary, w.current_load, w.created_at, w.updated_at, w.revoked_at
           from managed_workers w join orgs o on o.org = w.org where w.org = $1 and w.worker = $2",
        org.as_str(),
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(TryInto::try_into).transpose()
}

struct Row {
    worker: String,
    org: String,
    tenant: String,
    pool: String,
    display_name: String,
    status: String,
    version: Option<String>,
    capabilities: Value,
    last_heartbeat_at: Option<OffsetDateTime>,
    last_error_code: Option<String>,
    last_error_summary: Option<String>,
    current_load: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for ManagedWorker {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status = WorkerStatus::parse(&row.status);
        Ok(Self {
            status: status.ok_or_else(|| StoreError::inconsistent("managed_workers", &row.worker, "unknown status"))?,
            worker_id: row.worker,
            org_id: OrgId::new(row.org),
            tenant_id: TenantId::new(row.tenant),
            pool_id: row.pool,
            display_name: row.display_name,
            version: row.version,
            capabilities: row.capabilities,
            last_heartbeat_at: row.last_heartbeat_at.map(Into::into),
            last_error_code: row.last_error_code,
            last_error_summary: row.last_error_summary,
            current_load: row.current_load,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revoked_at: row.revoked_at.map(Into::into),
        })
    }
}
