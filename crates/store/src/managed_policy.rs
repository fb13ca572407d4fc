//! The managed policies of organisations (contract 02 §7).

use crate::{Store, StoreError, audit::write_audit, byok::record_byok_change};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::OrgId,
    policy::{ManagedPolicy, ManagedPolicyEdit},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// A policy as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicyRow {
    /// What it says.
    pub policy: ManagedPolicy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// The policy of an organisation, if it ever made one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn managed_policy(&self, org: &OrgId) -> Result<Option<ManagedPolicyRow>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        read(&mut connection, org).await
    }

    /// Changes an organisation's policy, or makes it. `cause` names the request in the audit log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_managed_policy(
        &self,
        by: &Principal,
        edit: &ManagedPolicyEdit,
        cause: &str,
        at: Timestamp,
    ) -> Result<ManagedPolicyRow, StoreError> {
        let org = &by.org_id;
        let mut transaction = self.pool.begin().await?;
        // Whoever changes it at the same time waits here, also for a row that is not there yet.
        sqlx::query!("select org from orgs where org = $1 for no key update", org.as_str()).fetch_one(&mut *transaction).await?;
        let before = read(&mut transaction, org).await?.map(|row| row.policy).unwrap_or_default();
        let policy = edit.apply(before);
        sqlx::query!(
            "insert into managed_policies (org, policy) values ($1, $2) on conflict (org) do update set policy = $2, updated_at = now()",
            org.as_str(),
            Value::Object(policy.fields())
        )
        .execute(&mut *transaction)
        .await?;
        let restricted = policy.view()["disabledByPolicy"].as_object().map_or(0, serde_json::Map::len);
        let target = AuditTarget::new("managed_policy", org.as_str());
        let row = AuditRow::by(by, cause, AuditAction::ManagedPolicyUpdated, &target, json!({ "restrictedControls": restricted }), at);
        write_audit(&mut transaction, &[row]).await?;
        let row =
            read(&mut transaction, org).await?.ok_or_else(|| StoreError::inconsistent("managed_policies", org, "it was just written"))?;
        // Which keys may be used follows from it.
        record_byok_change(&mut transaction, org).await?;
        transaction.commit().await?;
        self.announce_byok().await;
        Ok(row)
    }
}

async fn read(connection: &mut PgConnection, org: &OrgId) -> Result<Option<ManagedPolicyRow>, StoreError> {
    let row = sqlx::query!("select policy, created_at, updated_at from managed_policies where org = $1", org.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let policy = serde_json::from_value(row.policy).map_err(|_| StoreError::inconsistent("managed_policies", org, "unreadable policy"))?;
    Ok(Some(ManagedPolicyRow { policy, created_at: row.created_at.into(), updated_at: row.updated_at.into() }))
}
