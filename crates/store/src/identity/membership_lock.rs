//! Changes of memberships, one at a time within an organisation.
//!
//! Two admins who remove each other at the same moment, or two owners who demote each other, must not both succeed. So every
//! change first takes the organisation's row, and then looks at who makes it and at whom it concerns.

use super::{
    Mandate,
    browser_session::end_sessions_of,
    revocation::{Revocation, Revoked, record_revocation},
    token::revoke_tokens_of,
};
use crate::{Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    ids::{OrgId, TenantId, UserId},
    membership::{Doer, MemberRecord, Standing, audit_target},
    policy::Permission,
    principal::Role,
    signup::MemberStatus,
};
use serde_json::json;
use sqlx::{PgConnection, PgTransaction};
use time::OffsetDateTime;

/// An organisation whose memberships nobody else changes until this ends.
pub(super) struct LockedOrg {
    pub(super) tx: PgTransaction<'static>,
    pub(super) org: OrgId,
    pub(super) tenant: TenantId,
    /// What is taken back by the changes so far.
    revoked: Vec<Revoked>,
}

/// A membership, for the rules and for clients.
pub(super) struct Found {
    pub(super) standing: Standing,
    pub(super) record: MemberRecord,
}

/// A membership's row as queries of this module and of others select it.
pub(super) struct MemberRow {
    pub(super) account: String,
    pub(super) email: String,
    pub(super) display_name: Option<String>,
    pub(super) role: String,
    pub(super) status: String,
    pub(super) custom_role: Option<String>,
    pub(super) permissions: Option<Vec<String>>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl MemberRow {
    pub(super) fn read(self, org: &OrgId) -> Result<Found, StoreError> {
        let wrong = |what: &str| StoreError::inconsistent("memberships", format!("{org} {}", self.account), what);
        let role = Role::parse(&self.role).ok_or_else(|| wrong("unknown role"))?;
        let status = MemberStatus::parse(&self.status).ok_or_else(|| wrong("unknown status"))?;
        let custom = self.permissions.map(|names| names.iter().filter_map(|name| Permission::parse(name)).collect());
        let account = UserId::new(self.account);
        let record = MemberRecord {
            org_id: org.clone(),
            account_id: account.clone(),
            email: self.email,
            display_name: self.display_name,
            role,
            custom_role_key: self.custom_role,
            status,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        };
        Ok(Found { standing: Standing { account, role, custom, status }, record })
    }
}

impl Store {
    /// Begins a change; none when there is no such organisation.
    pub(super) async fn lock_org(&self, org: &OrgId) -> Result<Option<LockedOrg>, StoreError> {
        let mut tx = self.pool.begin().await?;
        // Rows that refer to the organisation may still be written: they take `for key share`.
        let tenant =
            sqlx::query_scalar!("select tenant from orgs where org = $1 for no key update", org.as_str()).fetch_optional(&mut *tx).await?;
        Ok(tenant.map(|tenant| LockedOrg { tx, org: org.clone(), tenant: TenantId::new(tenant), revoked: Vec::new() }))
    }
}

impl LockedOrg {
    /// Whoever makes the change, as they stand now; none when they are no member any more.
    pub(super) async fn doer(&mut self, by: &Mandate) -> Result<Option<Doer>, StoreError> {
        let Some(account) = &by.member else { return Ok(Some(Doer::Operator)) };
        Ok(self.member(account).await?.map(|found| Doer::Member(found.standing)))
    }

    /// A membership by its account.
    pub(super) async fn member(&mut self, account: &UserId) -> Result<Option<Found>, StoreError> {
        member(&mut self.tx, &self.org, &self.tenant, account).await
    }

    /// How many members have an owner's full power, apart from one.
    pub(super) async fn owners_besides(&mut self, account: &UserId) -> Result<u64, StoreError> {
        owners_besides(&mut self.tx, &self.org, account).await
    }

    /// Draws the consequences of a change: who loses something loses what was issued with it, and what is open.
    pub(super) async fn settle(&mut self, before: &Standing, after: &Standing, by: &Mandate, reason: &str) -> Result<(), StoreError> {
        let loses_something = !before.permissions().is_within(after.permissions());
        let leaves = before.status == MemberStatus::Active && after.status != MemberStatus::Active;
        if leaves || loses_something { self.take_back(after, by, reason).await } else { Ok(()) }
    }

    /// Takes back a member's tokens and what is open; of who does not take part any more, browser sessions too.
    pub(super) async fn take_back(&mut self, member: &Standing, by: &Mandate, reason: &str) -> Result<(), StoreError> {
        revoke_tokens_of(&mut self.tx, &self.org, &member.account, &by.actor, reason, by.at).await?;
        if member.status != MemberStatus::Active {
            end_sessions_of(&mut self.tx, &self.org, &member.account, &by.actor, reason, by.at).await?;
        }
        self.revoked.push(Revoked::Account(member.account.clone()));
        Ok(())
    }

    /// Notes a change of a membership in the audit log.
    pub(super) async fn audit_member(&mut self, by: &Mandate, action: AuditAction, member: &MemberRecord) -> Result<(), StoreError> {
        let target = AuditTarget::new("membership", &audit_target(&self.org, &member.account_id));
        let metadata = json!({ "role": member.role, "status": member.status, "customRole": member.custom_role_key });
        write_audit(&mut self.tx, &[by.row(&self.org, action, &target, metadata)]).await
    }

    /// Everything of the organisation is cut.
    pub(super) fn revoke_all(&mut self) {
        self.revoked.push(Revoked::Org);
    }

    /// Makes it so, and tells the nodes.
    pub(super) async fn commit(mut self, store: &Store) -> Result<(), StoreError> {
        for what in &self.revoked {
            record_revocation(&mut self.tx, &Revocation { org: self.org.clone(), what: what.clone() }).await?;
        }
        self.tx.commit().await?;
        if !self.revoked.is_empty() {
            store.announce_revocations().await;
        }
        Ok(())
    }
}

async fn member(connection: &mut PgConnection, org: &OrgId, tenant: &TenantId, account: &UserId) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query_as!(
        MemberRow,
        r#"select m.account, a.email, a.display_name, m.role, m.status, m.custom_role, m.created_at, m.updated_at,
                      (select r.permissions from custom_roles r where r.org = m.org and r.role_key = m.custom_role) as permissions
                 from memberships m join accounts a on a.tenant = $3 and a.account = m.account
                where m.org = $1 and m.account = $2"#,
        org.as_str(),
        account.as_str(),
        tenant.as_str()
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.read(org)).transpose()
}

async fn owners_besides(connection: &mut PgConnection, org: &OrgId, account: &UserId) -> Result<u64, StoreError> {
    let owners = sqlx::query_scalar!(
        r#"select count(*) as "owners!" from memberships m
                where m.org = $1 and m.account <> $2 and m.role = 'owner' and m.status = 'active'
                  and not exists (select from custom_roles r where r.org = m.org and r.role_key = m.custom_role)"#,
        org.as_str(),
        account.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(crate::column::count(owners))
}

/// Holds the organisation's memberships as [`Store::lock_org`] does, in a transaction that somebody else ends.
pub(crate) async fn lock_memberships(connection: &mut PgConnection, org: &OrgId) -> Result<(), StoreError> {
    sqlx::query_scalar!("select tenant from orgs where org = $1 for no key update", org.as_str()).fetch_optional(connection).await?;
    Ok(())
}

/// A member as the rules see them, while the organisation is locked, and how many others have an owner's full power.
pub(crate) async fn standing(
    connection: &mut PgConnection,
    org: &OrgId,
    tenant: &TenantId,
    account: &UserId,
) -> Result<Option<(Standing, u64)>, StoreError> {
    let Some(found) = member(connection, org, tenant, account).await? else { return Ok(None) };
    Ok(Some((found.standing, owners_besides(connection, org, account).await?)))
}
