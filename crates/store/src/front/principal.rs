//! The membership gate (contract 00 §3.7): a strict read for every request, never a cache.

use crate::{Store, StoreError};
use cowork_domain::principal::{Principal, Role};

/// What an account is in its org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The stored role; it counts, not the credential's.
    pub role: Role,
    /// The membership is active.
    pub active: bool,
    /// The org is active.
    pub org_active: bool,
    /// Display name of the org.
    pub org_name: String,
}

impl Store {
    /// Makes sure that org, account and membership exist, and reads the latter. What exists stays as
    /// it is; a first membership gets the principal's role.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn ensure_principal(&self, principal: &Principal) -> Result<Membership, StoreError> {
        if let Some(membership) = self.read_membership(principal).await? {
            return Ok(membership);
        }
        let (org, tenant, account) = (principal.org_id.as_str(), principal.tenant_id.as_str(), principal.account_id.as_str());
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "insert into orgs (org, tenant, name) values ($1, $2, $3) on conflict (org) do nothing",
            org,
            tenant,
            principal.tenant_name
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "insert into accounts (tenant, account, user_id, email) values ($1, $2, $3, $4) on conflict (tenant, account) do nothing",
            tenant,
            account,
            principal.user_id.as_str(),
            principal.email
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "insert into memberships (org, account, role) values ($1, $2, $3) on conflict (org, account) do nothing",
            org,
            account,
            principal.role.as_str()
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let membership = self.read_membership(principal).await?;
        membership.ok_or_else(|| StoreError::inconsistent("memberships", account, "it vanished while it was made"))
    }

    async fn read_membership(&self, principal: &Principal) -> Result<Option<Membership>, StoreError> {
        // The tenant is part of the question: an org belongs to one tenant, whatever a credential claims.
        let row = sqlx::query!(
            r#"select m.role, m.status = 'active' as "active!", o.status = 'active' as "org_active!", o.name, o.tenant = $3 as "same_tenant!"
                 from memberships m join orgs o on o.org = m.org
                where m.org = $1 and m.account = $2"#,
            principal.org_id.as_str(),
            principal.account_id.as_str(),
            principal.tenant_id.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let wrong = |what: &str| StoreError::inconsistent("memberships", &principal.account_id, what);
        if !row.same_tenant {
            return Err(wrong("the org belongs to another tenant"));
        }
        let role = [Role::Owner, Role::Admin, Role::Member].into_iter().find(|role| role.as_str() == row.role);
        let role = role.ok_or_else(|| wrong("unknown role"))?;
        Ok(Some(Membership { role, active: row.active, org_active: row.org_active, org_name: row.name }))
    }
}
