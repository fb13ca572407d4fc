//! Organisations, as the people who run a deployment see them.

use super::{Mandate, membership_lock::LockedOrg};
use crate::{Store, StoreError, audit::write_audit, byok::record_byok_change, column::count};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    ids::{OrgId, TenantId},
    org::{OrderRefused, OrgOrder, OrgStatus},
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::json;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgRow {
    /// Names it.
    pub org_id: OrgId,
    /// Whose users may belong to it.
    pub tenant_id: TenantId,
    /// For people.
    pub name: String,
    /// Whether it works.
    pub status: OrgStatus,
    /// What it pays for.
    pub plan_key: Option<String>,
    /// Members that take part.
    pub active_members: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status was last changed.
    pub updated_at: Timestamp,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OrgOrderError {
    /// There is none.
    #[error("there is no such organisation")]
    NotFound,
    /// It does not fit.
    #[error(transparent)]
    Refused(#[from] OrderRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// One organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn org(&self, org: &OrgId) -> Result<Option<OrgRow>, StoreError> {
        Ok(self.orgs_where(Some(org), None, 1).await?.pop())
    }

    /// Organisations by their ids, from behind one on.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn orgs(&self, after: Option<&OrgId>, limit: u32) -> Result<Vec<OrgRow>, StoreError> {
        self.orgs_where(None, after, limit).await
    }

    async fn orgs_where(&self, org: Option<&OrgId>, after: Option<&OrgId>, limit: u32) -> Result<Vec<OrgRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select o.org, o.tenant, o.name, o.status, o.plan_key, o.created_at, o.updated_at,
                      (select count(*) from memberships m where m.org = o.org and m.status = 'active') as "members!"
                 from orgs o where ($1::text is null or o.org = $1) and ($2::text is null or o.org > $2) order by o.org limit $3"#,
            org.map(OrgId::as_str),
            after.map(OrgId::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| {
            let status = OrgStatus::parse(&row.status).ok_or_else(|| StoreError::inconsistent("orgs", &row.org, "unknown status"))?;
            Ok(OrgRow {
                org_id: OrgId::new(row.org),
                tenant_id: TenantId::new(row.tenant),
                name: row.name,
                status,
                plan_key: row.plan_key,
                active_members: count(row.members),
                created_at: row.created_at.into(),
                updated_at: row.updated_at.into(),
            })
        });
        read.collect()
    }

    /// Makes an organisation; false when there is one of this id already, whatever it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn create_org(&self, org: &OrgId, tenant: &TenantId, name: &str, by: &Mandate) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        let made = sqlx::query!(
            "insert into orgs (org, tenant, name) values ($1, $2, $3) on conflict (org) do nothing",
            org.as_str(),
            tenant.as_str(),
            name
        )
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        let target = AuditTarget::new("org", org.as_str());
        write_audit(&mut tx, &[by.row(org, AuditAction::OrgCreated, &target, json!({ "name": name, "tenant": tenant }))]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Carries out an order; says what the organisation is then. Where it lets nobody in any more, every open stream of it is
    /// cut on all nodes. A frozen organisation goes on reading, so nothing is cut: changes ask anew each time.
    ///
    /// # Errors
    /// See [`OrgOrderError`].
    pub async fn order_org(&self, org: &OrgId, order: OrgOrder, by: &Mandate) -> Result<OrgStatus, OrgOrderError> {
        let mut locked = self.lock_org(org).await?.ok_or(OrgOrderError::NotFound)?;
        let before = locked.status().await?;
        let Some(after) = order.obeyed(before)? else { return Ok(before) };
        locked.set_status(after).await?;
        let target = AuditTarget::new("org", org.as_str());
        let metadata = json!({ "from": before, "to": after });
        write_audit(&mut locked.tx, &[by.row(org, order.audit_action(), &target, metadata)]).await?;
        if before.admits() && !after.admits() {
            locked.revoke_all();
        }
        // Keys of an organisation that is stopped are handed to nobody.
        record_byok_change(&mut locked.tx, org).await?;
        locked.commit(self).await?;
        self.announce_orgs().await;
        self.announce_byok().await;
        Ok(after)
    }

    /// The organisations whose queued work must wait, of all tenants: paused, suspended or closed ones, and where somebody bills
    /// those whose subscription isn't paid for any more. For workers, which run whatever work there is; no client sees it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn orgs_on_hold(&self, billed_by: Option<&str>) -> Result<Vec<OrgId>, StoreError> {
        let orgs = sqlx::query_scalar!(
            r#"select org as "org!" from orgs where status not in ('active', 'frozen')
               union
               select org from billing_subscriptions where provider = $1 and status not in ('active', 'trialing')"#,
            billed_by
        );
        Ok(orgs.fetch_all(&self.membership).await?.into_iter().map(OrgId::new).collect())
    }

    /// How many rows the audit log of an organisation has.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn count_audit(&self, org: &OrgId) -> Result<u64, StoreError> {
        let rows = sqlx::query_scalar!(r#"select count(*) as "rows!" from audit_events where org = $1"#, org.as_str());
        Ok(count(rows.fetch_one(&self.pool).await?))
    }
}

impl LockedOrg {
    async fn status(&mut self) -> Result<OrgStatus, StoreError> {
        let status = sqlx::query_scalar!("select status from orgs where org = $1", self.org.as_str()).fetch_one(&mut *self.tx).await?;
        OrgStatus::parse(&status).ok_or_else(|| StoreError::inconsistent("orgs", &self.org, "unknown status"))
    }

    async fn set_status(&mut self, status: OrgStatus) -> Result<(), StoreError> {
        sqlx::query!("update orgs set status = $2, updated_at = clock_timestamp() where org = $1", self.org.as_str(), status.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
