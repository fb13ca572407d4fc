//! How somebody becomes a member without an administrator's doing: by signing up, and by the first login of who was invited.

use crate::{Store, StoreError};
use cowork_domain::{ids::UserId, principal::Principal};

/// What a first visit led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// A membership was made.
    Founded,
    /// There was one already.
    Known,
    /// A membership that waited for this e-mail address is now this account's.
    Claimed,
}

impl Store {
    /// Makes organisation, account and membership of a newcomer. What exists stays as it is; a first membership gets the
    /// principal's role.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn join(&self, principal: &Principal) -> Result<Joined, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let (org, tenant, account) = (principal.org_id.as_str(), principal.tenant_id.as_str(), principal.account_id.as_str());
        sqlx::query!(
            "insert into orgs (org, tenant, name) values ($1, $2, $3) on conflict (org) do nothing",
            org,
            tenant,
            principal.tenant_name
        )
        .execute(&mut *transaction)
        .await?;
        insert_account(&mut transaction, principal).await?;
        let made = sqlx::query!(
            "insert into memberships (org, account, role)
             select org, $2, $3 from orgs where org = $1 and tenant = $4 on conflict (org, account) do nothing",
            org,
            account,
            principal.role.as_str(),
            tenant
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if made.rows_affected() == 1 { Joined::Founded } else { Joined::Known })
    }

    /// Gives the membership that waits for this principal's e-mail address, made by an invitation or a directory, to the
    /// account that signed in with it. `activates` accepts the invitation by that. None when nothing waits.
    ///
    /// The e-mail address must be proved: whoever has it takes the membership.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_membership(&self, principal: &Principal, activates: bool) -> Result<Option<UserId>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let (org, tenant, account) = (principal.org_id.as_str(), principal.tenant_id.as_str(), principal.account_id.as_str());
        let waiting = sqlx::query_scalar!(
            "select m.account from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = o.tenant and a.account = m.account
              where m.org = $1 and o.tenant = $2 and lower(a.email) = lower($3) and a.subject is null and a.account <> $4
              order by m.created_at limit 1 for update of m",
            org,
            tenant,
            principal.email,
            account
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(waiting) = waiting else { return Ok(None) };
        insert_account(&mut transaction, principal).await?;
        sqlx::query!(
            "update memberships set account = $3, directory_id = coalesce(directory_id, account), updated_at = now(),
                    status = case when $4 and status = 'invited' then 'active' else status end
              where org = $1 and account = $2",
            org,
            waiting,
            account,
            activates
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(UserId::new(waiting)))
    }

    /// Makes an invited membership active.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn accept_invitation(&self, principal: &Principal) -> Result<(), StoreError> {
        sqlx::query!(
            "update memberships set status = 'active', updated_at = now() where org = $1 and account = $2 and status = 'invited'",
            principal.org_id.as_str(),
            principal.account_id.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

async fn insert_account(transaction: &mut sqlx::PgConnection, principal: &Principal) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into accounts (tenant, account, user_id, email, subject) values ($1, $2, $3, $4, $3) on conflict (tenant, account) do nothing",
        principal.tenant_id.as_str(),
        principal.account_id.as_str(),
        principal.user_id.as_str(),
        principal.email
    )
    .execute(transaction)
    .await?;
    Ok(())
}
