//! How somebody becomes a member without an administrator's doing: by signing up, and by the first login of who was invited.

use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::UserId,
    membership::audit_target,
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::json;
use time::OffsetDateTime;

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
        let founded = sqlx::query_scalar!(
            "insert into orgs (org, tenant, name) values ($1, $2, $3) on conflict (org) do nothing returning created_at",
            org,
            tenant,
            principal.tenant_name
        )
        .fetch_optional(&mut *transaction)
        .await?;
        insert_account(&mut transaction, principal).await?;
        let made = sqlx::query_scalar!(
            "insert into memberships (org, account, role)
             select org, $2, $3 from orgs where org = $1 and tenant = $4 on conflict (org, account) do nothing returning created_at",
            org,
            account,
            principal.role.as_str(),
            tenant
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let mut rows = Vec::new();
        if let Some(at) = founded {
            let target = AuditTarget::new("org", org);
            let metadata = json!({ "name": principal.tenant_name, "tenant": tenant });
            rows.push(AuditRow::by(principal, "join", AuditAction::OrgCreated, &target, metadata, at.into()));
        }
        if let Some(at) = made {
            let metadata = json!({ "role": principal.role, "status": "active" });
            rows.push(AuditRow::by(principal, "join", AuditAction::MembershipCreated, &own_target(principal), metadata, at.into()));
        }
        write_audit(&mut transaction, &rows).await?;
        transaction.commit().await?;
        Ok(if made.is_some() { Joined::Founded } else { Joined::Known })
    }

    /// Gives the membership that waits for this principal's e-mail address, made by an invitation or a directory, to the
    /// account that signed in with it. `activates` accepts the invitation by that; without it an invitation goes on waiting.
    /// None when nothing waits.
    ///
    /// The e-mail address must be proved: whoever has it takes the membership.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn claim_membership(&self, principal: &Principal, activates: bool) -> Result<Option<UserId>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let (org, tenant, account) = (principal.org_id.as_str(), principal.tenant_id.as_str(), principal.account_id.as_str());
        // The organisation is locked as for every change of memberships, so that no invitation is sent again in the middle of
        // this; but only where something waits: newcomers don't queue for nothing.
        let waiting = sqlx::query_scalar!(
            "select m.account from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = o.tenant and a.account = m.account
              where m.org = $1 and o.tenant = $2 and lower(a.email) = lower($3) and a.subject is null and a.account <> $4
                and ($5 or m.status <> 'invited')
              order by m.created_at limit 1 for no key update of o for update of m",
            org,
            tenant,
            principal.email,
            account,
            activates
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(waiting) = waiting else { return Ok(None) };
        insert_account(&mut transaction, principal).await?;
        let claimed = sqlx::query!(
            "update memberships m set account = $3, directory_id = coalesce(m.directory_id, m.account), updated_at = clock_timestamp(),
                    status = case when $4 and m.status = 'invited' then 'active' else m.status end
               from memberships before
              where m.org = $1 and m.account = $2 and before.org = m.org and before.account = m.account
             returning m.role, m.status, m.updated_at, before.status <> m.status as \"accepted!\"",
            org,
            waiting,
            account,
            activates
        )
        .fetch_one(&mut *transaction)
        .await?;
        let metadata = json!({ "role": claimed.role, "status": claimed.status, "claimed": waiting });
        note_login(&mut transaction, principal, claimed.updated_at, metadata, claimed.accepted).await?;
        transaction.commit().await?;
        Ok(Some(UserId::new(waiting)))
    }

    /// Makes an invited membership active.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn accept_invitation(&self, principal: &Principal) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let accepted = sqlx::query!(
            "update memberships set status = 'active', updated_at = clock_timestamp()
              where org = $1 and account = $2 and status = 'invited' returning role, updated_at",
            principal.org_id.as_str(),
            principal.account_id.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(accepted) = accepted else { return Ok(()) };
        let metadata = json!({ "role": accepted.role, "status": "active" });
        note_login(&mut transaction, principal, accepted.updated_at, metadata, true).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Says in the audit log what a login did to a membership. The time tells one such login from the next.
async fn note_login(
    transaction: &mut sqlx::PgConnection,
    principal: &Principal,
    at: OffsetDateTime,
    metadata: serde_json::Value,
    accepted: bool,
) -> Result<(), StoreError> {
    let (target, at) = (own_target(principal), Timestamp::from(at));
    let row = |action| AuditRow::by(principal, &format!("login {at}"), action, &target, metadata.clone(), at);
    let mut rows = vec![row(AuditAction::MembershipUpdated)];
    if accepted {
        rows.push(row(AuditAction::InviteAccepted));
    }
    write_audit(transaction, &rows).await
}

fn own_target(principal: &Principal) -> AuditTarget {
    AuditTarget::new("membership", &audit_target(&principal.org_id, &principal.account_id))
}

async fn insert_account(transaction: &mut sqlx::PgConnection, principal: &Principal) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into accounts (tenant, account, user_id, email, subject) values ($1, $2, $3, $4, $3)
         on conflict (tenant, account) do update set email = excluded.email where accounts.email is distinct from excluded.email",
        principal.tenant_id.as_str(),
        principal.account_id.as_str(),
        principal.user_id.as_str(),
        principal.email
    )
    .execute(transaction)
    .await?;
    Ok(())
}
