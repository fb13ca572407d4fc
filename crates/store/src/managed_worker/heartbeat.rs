//! What workers say. Only the latest is kept, in the worker's own row.

use super::pool;
use crate::{Store, StoreError};
use cowork_domain::{
    ids::{OrgId, TenantId},
    managed_worker::{HeartbeatReport, WorkerHeartbeat},
};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What came of a heartbeat.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// As it is kept.
    Kept(Box<WorkerHeartbeat>),
    /// The pool would have more to do than it may.
    Overloaded,
    /// The worker is gone.
    NoWorker,
}

impl Store {
    /// Keeps what a worker says, unless its pool has too much to do. `credential` is what it showed.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn hear_worker(
        &self,
        org: &OrgId,
        worker: &str,
        pool: &str,
        credential: &str,
        report: &HeartbeatReport,
    ) -> Result<Heard, StoreError> {
        let mut transaction = self.pool.begin().await?;
        // Workers of one pool are heard one after the other, so that two can't both take the last of what it may do.
        let Some(limits) = pool::lock(&mut transaction, org, pool).await? else { return Ok(Heard::NoWorker) };
        let others = sqlx::query_scalar!(
            r#"select coalesce(sum(current_load), 0)::float8 as "load!" from managed_workers
                where org = $1 and pool = $2 and worker <> $3 and status not in ('retired', 'revoked')"#,
            org.as_str(),
            pool,
            worker
        )
        .fetch_one(&mut *transaction)
        .await?;
        #[expect(clippy::cast_precision_loss, reason = "loads that large are refused either way")]
        let is_too_much = limits.max_concurrent_work.is_some_and(|most| others + report.current_load as f64 > most as f64);
        if is_too_much {
            return Ok(Heard::Overloaded);
        }
        sqlx::query!(
            "update managed_workers
                set version = $3, capabilities = coalesce($4, capabilities), current_load = $5, active_work_ids = $6, last_error_code = $7,
                    last_error_summary = $8, heartbeat_sequence = $9, last_heartbeat_at = now(), updated_at = now()
              where org = $1 and worker = $2",
            org.as_str(),
            worker,
            report.version,
            report.capabilities,
            report.current_load,
            &report.active_work_ids,
            report.last_error_code,
            report.last_error_summary,
            report.heartbeat_sequence
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!("update managed_worker_credentials set last_used_at = now() where org = $1 and id = $2", org.as_str(), credential)
            .execute(&mut *transaction)
            .await?;
        let heard = latest(&mut transaction, org, worker).await?;
        transaction.commit().await?;
        Ok(heard.map_or(Heard::NoWorker, |heartbeat| Heard::Kept(Box::new(heartbeat))))
    }

    /// The latest that a worker said, if it ever said anything.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn worker_heartbeat(&self, org: &OrgId, worker: &str) -> Result<Option<WorkerHeartbeat>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        latest(&mut connection, org, worker).await
    }
}

async fn latest(connection: &mut PgConnection, org: &OrgId, worker: &str) -> Result<Option<WorkerHeartbeat>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select w.worker, w.org, o.tenant, w.pool, w.version, w.capabilities, w.current_load, w.active_work_ids, w.last_error_code,
                  w.last_error_summary, w.heartbeat_sequence, w.last_heartbeat_at as "received_at!"
             from managed_workers w join orgs o on o.org = w.org
            where w.org = $1 and w.worker = $2 and w.last_heartbeat_at is not null"#,
        org.as_str(),
        worker
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Into::into))
}

struct Row {
    worker: String,
    org: String,
    tenant: String,
    pool: String,
    version: Option<String>,
    capabilities: Value,
    current_load: i64,
    active_work_ids: Vec<String>,
    last_error_code: Option<String>,
    last_error_summary: Option<String>,
    heartbeat_sequence: Option<i64>,
    received_at: OffsetDateTime,
}

impl From<Row> for WorkerHeartbeat {
    fn from(row: Row) -> Self {
        Self {
            worker_id: row.worker,
            org_id: OrgId::new(row.org),
            tenant_id: TenantId::new(row.tenant),
            pool_id: row.pool,
            version: row.version,
            capabilities: row.capabilities,
            current_load: row.current_load,
            active_work_ids: row.active_work_ids,
            last_error_code: row.last_error_code,
            last_error_summary: row.last_error_summary,
            heartbeat_sequence: row.heartbeat_sequence,
            received_at: row.received_at.into(),
        }
    }
}
