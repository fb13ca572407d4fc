//! Memberships: reading them, and changing roles and statuses (contract 02 §5).

use super::{Mandate, membership_lock::MemberRow};
use crate::{Store, StoreError};
use cowork_domain::{
    audit::AuditAction,
    ids::{OrgId, UserId},
    membership::{self, MemberChange, MemberRecord, MembershipRefused},
    policy::Permission,
};

/// Why a membership stays as it is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MemberError {
    /// The organisation has no such member.
    #[error("the organisation has no such member")]
    NotFound,
    /// The organisation has no such custom role.
    #[error("the organisation has no such custom role")]
    RoleNotFound,
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] MembershipRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MemberError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Members of an organisation, last changed first. `search` is part of an address, a name or an account, in any case.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn members(&self, org: &OrgId, search: Option<&str>, limit: u32) -> Result<Vec<MemberRecord>, StoreError> {
        let rows = sqlx::query_as!(
            MemberRow,
            r#"select m.account, a.email, a.display_name, m.role, m.status, m.custom_role, m.created_at, m.updated_at,
                      null::text[] as permissions
                 from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = o.tenant and a.account = m.account
                where m.org = $1
                  and ($2::text is null or strpos(lower(concat_ws(' ', a.email, a.display_name, m.account)), lower($2)) > 0)
                order by m.updated_at desc, a.email collate "C", m.account limit $3"#,
            org.as_str(),
            search,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| Ok(row.read(org)?.record)).collect()
    }

    /// The member with an account, or else with an e-mail address in any case: for people, who know addresses.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn member(&self, org: &OrgId, account_or_email: &str) -> Result<Option<MemberRecord>, StoreError> {
        let row = sqlx::query_as!(
            MemberRow,
            r#"select m.account, a.email, a.display_name, m.role, m.status, m.custom_role, m.created_at, m.updated_at,
                      null::text[] as permissions
                 from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = o.tenant and a.account = m.account
                where m.org = $1 and (m.account = $2 or lower(a.email) = lower($2))
                order by m.account = $2 desc, m.created_at limit 1"#,
            org.as_str(),
            account_or_email
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok(row.read(org)?.record)).transpose()
    }

    /// Changes a member's built-in role or status. Who loses permissions by it, or does not take part any more, loses all
    /// tokens at once, and what is open is cut.
    ///
    /// # Errors
    /// See [`MemberError`].
    pub async fn change_member(
        &self,
        org: &OrgId,
        account: &UserId,
        change: &MemberChange,
        by: &Mandate,
    ) -> Result<MemberRecord, MemberError> {
        let mut locked = self.lock_org(org).await?.ok_or(MemberError::NotFound)?;
        let doer = locked.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        let before = locked.member(account).await?.ok_or(MemberError::NotFound)?;
        let other_owners = locked.owners_besides(account).await?;
        let after = membership::changes(&doer, &before.standing, change, other_owners)?;
        if after == before.standing {
            return Ok(before.record);
        }
        sqlx::query!(
            "update memberships set role = $3, status = $4, updated_at = clock_timestamp(),
                    disabled_at = case when $4 = 'disabled' and status <> 'disabled' then date_trunc('milliseconds', clock_timestamp())
                                       else disabled_at end
              where org = $1 and account = $2",
            org.as_str(),
            account.as_str(),
            after.role.as_str(),
            after.status.as_str()
        )
        .execute(&mut *locked.tx)
        .await?;
        let changed = locked.member(account).await?.ok_or(MemberError::NotFound)?;
        locked.audit_member(by, AuditAction::MembershipUpdated, &changed.record).await?;
        let reason = if after.status == before.standing.status { "member_role_downgraded" } else { "member_status_changed" };
        locked.settle(&before.standing, &after, by, reason).await?;
        locked.commit(self).await?;
        Ok(changed.record)
    }

    /// Gives a member a custom role, or takes it away. Consequences as those of [`Store::change_member`].
    ///
    /// # Errors
    /// See [`MemberError`].
    pub async fn assign_role(&self, org: &OrgId, account: &UserId, role: Option<&str>, by: &Mandate) -> Result<MemberRecord, MemberError> {
        let mut locked = self.lock_org(org).await?.ok_or(MemberError::NotFound)?;
        let doer = locked.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        let before = locked.member(account).await?.ok_or(MemberError::NotFound)?;
        let custom = match role {
            None => None,
            Some(key) => {
                let names = sqlx::query_scalar!("select permissions from custom_roles where org = $1 and role_key = $2", org.as_str(), key)
                    .fetch_optional(&mut *locked.tx)
                    .await?;
                Some(names.ok_or(MemberError::RoleNotFound)?.iter().filter_map(|name| Permission::parse(name)).collect())
            }
        };
        let other_owners = locked.owners_besides(account).await?;
        let after = membership::assigns(&doer, &before.standing, custom, other_owners)?;
        if before.record.custom_role_key.as_deref() == role {
            return Ok(before.record);
        }
        sqlx::query!(
            "update memberships set custom_role = $3, updated_at = clock_timestamp() where org = $1 and account = $2",
            org.as_str(),
            account.as_str(),
            role
        )
        .execute(&mut *locked.tx)
        .await?;
        let changed = locked.member(account).await?.ok_or(MemberError::NotFound)?;
        locked.audit_member(by, AuditAction::MembershipUpdated, &changed.record).await?;
        locked.settle(&before.standing, &after, by, "member_role_assignment_downgraded").await?;
        locked.commit(self).await?;
        Ok(changed.record)
    }
}
