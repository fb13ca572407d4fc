//! What workers show.

use super::worker;
use crate::{CredentialState, OrgStatus, Store, StoreError, audit::write_audit, column};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{OrgId, TenantId},
    managed_worker::{WorkerCredentialRecord, WorkerStatus},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A credential that is about to be shown.
#[derive(Debug, Clone)]
pub struct NewCredential<'a> {
    /// Its public part.
    pub id: &'a str,
    /// Of the secret.
    pub hash: [u8; 32],
    /// The end of what is shown.
    pub last4: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What came of issuing or rotating a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialChange {
    /// The new one.
    Made(Box<WorkerCredentialRecord>),
    /// The organisation has no such worker or credential.
    Unknown,
    /// The worker or the credential is over.
    Over,
}

/// A credential that somebody showed.
#[derive(Debug, Clone)]
pub struct ShownCredential {
    /// Of the secret.
    pub hash: [u8; 32],
    /// Whether it still counts. That of a worker that is over doesn't.
    pub state: CredentialState,
    /// Whose it is.
    pub org: OrgId,
    /// Of the organisation.
    pub tenant: TenantId,
    /// The organisation's name.
    pub org_name: String,
    /// Whether the organisation works.
    pub org_status: OrgStatus,
    /// Who shows it.
    pub worker: String,
    /// Where the worker belongs.
    pub pool: String,
}

impl Store {
    /// What is stored about a credential. One read by its key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn shown_worker_credential(&self, id: &str) -> Result<Option<ShownCredential>, StoreError> {
        let row = sqlx::query!(
            r#"select c.hash, c.org, c.worker, w.pool, w.status as worker_status, o.tenant, o.name, o.status as org_status,
                      c.revoked_at is not null as "is_revoked!", c.expires_at <= now() as "is_expired!"
                 from managed_worker_credentials c
                 join managed_workers w on w.org = c.org and w.worker = c.worker
                 join orgs o on o.org = c.org
                where c.id = $1"#,
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |what: &str| StoreError::inconsistent("managed_worker_credentials", id, what);
        let worker_status = WorkerStatus::parse(&row.worker_status).ok_or_else(|| wrong("a worker of unknown status"))?;
        let state = match (row.is_revoked || worker_status.is_over(), row.is_expired) {
            (true, _) => CredentialState::Revoked,
            (false, true) => CredentialState::Expired,
            (false, false) => CredentialState::Live,
        };
        Ok(Some(ShownCredential {
            hash: row.hash.try_into().map_err(|_| wrong("a hash of another length"))?,
            state,
            org: OrgId::new(row.org),
            tenant: TenantId::new(row.tenant),
            org_name: row.name,
            org_status: OrgStatus::parse(&row.org_status).ok_or_else(|| wrong("an organisation of unknown status"))?,
            worker: row.worker,
            pool: row.pool,
        }))
    }

    /// The credentials of a worker, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn worker_credentials(&self, org: &OrgId, worker: &str) -> Result<Vec<WorkerCredentialRecord>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select c.id, c.org, c.worker, w.pool, c.last4, c.expires_at, c.revoked_at, c.last_used_at, c.rotated_from, c.created_at, c.updated_at
               from managed_worker_credentials c join managed_workers w on w.org = c.org and w.worker = c.worker
              where c.org = $1 and c.worker = $2 order by c.created_at desc, c.id limit 500",
            org.as_str(),
            worker
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Gives a worker a credential.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn issue_worker_credential(
        &self,
        by: &Principal,
        worker: &str,
        new: &NewCredential<'_>,
        cause: &str,
        at: Timestamp,
    ) -> Result<CredentialChange, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(known) = worker::read(&mut transaction, &by.org_id, worker).await? else { return Ok(CredentialChange::Unknown) };
        if known.status.is_over() {
            return Ok(CredentialChange::Over);
        }
        let made = insert(&mut transaction, &by.org_id, worker, new, None).await?;
        write_audit(&mut transaction, &[audit(by, &made, AuditAction::ManagedWorkerCredentialIssued, cause, at)]).await?;
        transaction.commit().await?;
        Ok(CredentialChange::Made(Box::new(made)))
    }

    /// Puts a new credential in the place of one that still counts, which stops at once.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn rotate_worker_credential(
        &self,
        by: &Principal,
        worker: &str,
        old: &str,
        new: &NewCredential<'_>,
        cause: &str,
        at: Timestamp,
    ) -> Result<CredentialChange, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(before) = read(&mut transaction, &by.org_id, worker, old).await? else { return Ok(CredentialChange::Unknown) };
        let Some(known) = worker::read(&mut transaction, &by.org_id, worker).await? else { return Ok(CredentialChange::Unknown) };
        if known.status.is_over() || before.revoked_at.is_some() || !revoke(&mut transaction, &by.org_id, worker, old).await? {
            return Ok(CredentialChange::Over);
        }
        let made = insert(&mut transaction, &by.org_id, worker, new, Some(old)).await?;
        write_audit(&mut transaction, &[audit(by, &made, AuditAction::ManagedWorkerCredentialRotated, cause, at)]).await?;
        transaction.commit().await?;
        Ok(CredentialChange::Made(Box::new(made)))
    }

    /// Takes a credential back; again is no error. None: the worker has no such credential.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn revoke_worker_credential(
        &self,
        by: &Principal,
        worker: &str,
        id: &str,
        cause: &str,
        at: Timestamp,
    ) -> Result<Option<WorkerCredentialRecord>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let revoked = revoke(&mut transaction, &by.org_id, worker, id).await?;
        let Some(credential) = read(&mut transaction, &by.org_id, worker, id).await? else { return Ok(None) };
        if revoked {
            write_audit(&mut transaction, &[audit(by, &credential, AuditAction::ManagedWorkerCredentialRevoked, cause, at)]).await?;
        }
        transaction.commit().await?;
        Ok(Some(credential))
    }
}

async fn insert(
    connection: &mut PgConnection,
    org: &OrgId,
    worker: &str,
    new: &NewCredential<'_>,
    rotated_from: Option<&str>,
) -> Result<WorkerCredentialRecord, StoreError> {
    sqlx::query!(
        "insert into managed_worker_credentials (id, org, worker, hash, last4, expires_at, rotated_from) values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        org.as_str(),
        worker,
        &new.hash[..],
        new.last4,
        column::instant(new.expires_at),
        rotated_from
    )
    .execute(&mut *connection)
    .await?;
    let made = read(connection, org, worker, new.id).await?;
    made.ok_or_else(|| StoreError::inconsistent("managed_worker_credentials", new.id, "it was just written"))
}

/// Whether there was something to take back.
async fn revoke(connection: &mut PgConnection, org: &OrgId, worker: &str, id: &str) -> Result<bool, StoreError> {
    let revoked = sqlx::query!(
        "update managed_worker_credentials set revoked_at = now(), updated_at = now()
          where org = $1 and worker = $2 and id = $3 and revoked_at is null",
        org.as_str(),
        worker,
        id
    )
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

async fn read(connection: &mut PgConnection, org: &OrgId, worker: &str, id: &str) -> Result<Option<WorkerCredentialRecord>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select c.id, c.org, c.worker, w.pool, c.last4, c.expires_at, c.revoked_at, c.last_used_at, c.rotated_from, c.created_at, c.updated_at
           from managed_worker_credentials c join managed_workers w on w.org = c.org and w.worker = c.worker
          where c.org = $1 and c.worker = $2 and c.id = $3",
        org.as_str(),
        worker,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Into::into))
}

fn audit(by: &Principal, credential: &WorkerCredentialRecord, action: AuditAction, cause: &str, at: Timestamp) -> AuditRow {
    let target = AuditTarget::new("managed_worker_credential", &credential.credential_id);
    AuditRow::by(by, cause, action, &target, json!({ "workerId": credential.worker_id, "poolId": credential.pool_id }), at)
}

struct Row {
    id: String,
    org: String,
    worker: String,
    pool: String,
    last4: String,
    expires_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    rotated_from: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<Row> for WorkerCredentialRecord {
    fn from(row: Row) -> Self {
        Self {
            credential_id: row.id,
            org_id: OrgId::new(row.org),
            worker_id: row.worker,
            pool_id: row.pool,
            scopes: ["heartbeat"],
            last4: row.last4,
            expires_at: row.expires_at.into(),
            revoked_at: row.revoked_at.map(Into::into),
            last_used_at: row.last_used_at.map(Into::into),
            rotated_from_credential_id: row.rotated_from,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}
