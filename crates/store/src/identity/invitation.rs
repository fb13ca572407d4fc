//! Memberships that wait for somebody (contract 02 §5). The invitation itself is a signed text that nobody stores.

use super::{
    Mandate, MemberError,
    membership_lock::{Found, LockedOrg},
};
use crate::{Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    ids::{OrgId, UserId},
    membership::{self, Invitee, MemberRecord, MembershipRefused, audit_target},
    org::OrgStatus,
    principal::Role,
    signup::MemberStatus,
    timestamp::Timestamp,
};
use serde_json::json;

/// Somebody who was invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The membership that waits for them.
    pub member: MemberRecord,
    /// By the database's clock, which also tells when a membership is disabled.
    pub at: Timestamp,
}

/// Why an invitation opens nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AcceptError {
    /// There is no membership for it.
    #[error("there is no membership for this invitation")]
    NotFound,
    /// The membership was disabled after the invitation was sent.
    #[error("the membership was disabled after the invitation was sent")]
    Revoked,
    /// The organisation lets nobody in, or takes no changes.
    #[error("the organisation is {}", .0.as_str())]
    Org(OrgStatus),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AcceptError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Makes a membership that waits for an e-mail address. Who is a member already waits again, with the role of the
    /// invitation, and loses tokens and open streams as anybody who stops taking part.
    ///
    /// # Errors
    /// `NotFound` of the organisation, `Refused`, `Store`.
    pub async fn invite_member(&self, org: &OrgId, invitee: &Invitee, by: &Mandate) -> Result<Invited, MemberError> {
        self.place_member(org, invitee, MemberStatus::Invited, by).await
    }

    /// Makes a member of whoever has an e-mail address, without asking them: for operators. The membership waits, active, for the
    /// first login with the address.
    ///
    /// # Errors
    /// `NotFound` of the organisation, `Refused`, `Store`.
    pub async fn add_member(&self, org: &OrgId, invitee: &Invitee, by: &Mandate) -> Result<MemberRecord, MemberError> {
        Ok(self.place_member(org, invitee, MemberStatus::Active, by).await?.member)
    }

    /// Makes a member of an account that the identity provider or the proxy in front already names.
    ///
    /// # Errors
    /// `NotFound` of the organisation, `Refused`, `Store`.
    pub async fn add_account(&self, org: &OrgId, account: &UserId, role: Role, by: &Mandate) -> Result<MemberRecord, MemberError> {
        let mut locked = self.lock_org(org).await?.ok_or(MemberError::NotFound)?;
        sqlx::query!(
            "insert into accounts (tenant, account, user_id, email, subject) values ($1, $2, $2, '', $2) on conflict (tenant, account) do nothing",
            locked.tenant.as_str(),
            account.as_str()
        )
        .execute(&mut *locked.tx)
        .await?;
        let placed = locked.place(account, role, MemberStatus::Active, by).await?;
        locked.commit(self).await?;
        Ok(placed.member)
    }

    async fn place_member(&self, org: &OrgId, invitee: &Invitee, status: MemberStatus, by: &Mandate) -> Result<Invited, MemberError> {
        let mut locked = self.lock_org(org).await?.ok_or(MemberError::NotFound)?;
        // Somebody who came by an earlier invitation has an account of their own by now.
        let known = sqlx::query_scalar!(
            "select m.account from memberships m join accounts a on a.tenant = $2 and a.account = m.account
              where m.org = $1 and lower(a.email) = $3 order by m.created_at limit 1",
            org.as_str(),
            locked.tenant.as_str(),
            invitee.email
        )
        .fetch_optional(&mut *locked.tx)
        .await?;
        let account = known.map_or_else(|| invitee.account(org), UserId::new);
        sqlx::query!(
            "insert into accounts (tenant, account, user_id, email) values ($1, $2, $2, $3) on conflict (tenant, account) do nothing",
            locked.tenant.as_str(),
            account.as_str(),
            invitee.email
        )
        .execute(&mut *locked.tx)
        .await?;
        let placed = locked.place(&account, invitee.role, status, by).await?;
        locked.commit(self).await?;
        Ok(placed)
    }

    /// Accepts an invitation for an account and address that was sent at a time. A second time changes nothing.
    ///
    /// # Errors
    /// See [`AcceptError`].
    pub async fn accept_invite(
        &self,
        org: &OrgId,
        account: &UserId,
        email: &str,
        sent: Timestamp,
        by: &Mandate,
    ) -> Result<MemberRecord, AcceptError> {
        let mut locked = self.lock_org(org).await?.ok_or(AcceptError::NotFound)?;
        // Whoever signed in with the address has taken the membership along to an account of their own.
        let row = sqlx::query!(
            r#"select m.account, m.status, o.status as org_status, coalesce(m.disabled_at > $5, false) as "is_over!"
                 from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = $2 and a.account = m.account
                where m.org = $1 and lower(a.email) = lower($4)
                order by m.account = $3 desc, m.created_at limit 1"#,
            org.as_str(),
            locked.tenant.as_str(),
            account.as_str(),
            email,
            instant(sent)
        )
        .fetch_optional(&mut *locked.tx)
        .await?
        .ok_or(AcceptError::NotFound)?;
        let org_status = OrgStatus::parse(&row.org_status).ok_or_else(|| StoreError::inconsistent("orgs", org, "unknown status"))?;
        if !org_status.admits() {
            return Err(AcceptError::Org(org_status));
        }
        let account = UserId::new(row.account);
        match MemberStatus::parse(&row.status) {
            Some(MemberStatus::Active) => return Ok(locked.member(&account).await?.ok_or(AcceptError::NotFound)?.record),
            Some(MemberStatus::Invited) if !row.is_over => {}
            Some(MemberStatus::Invited | MemberStatus::Disabled) => return Err(AcceptError::Revoked),
            None => return Err(StoreError::inconsistent("memberships", account, "unknown status").into()),
        }
        if org_status == OrgStatus::Frozen {
            return Err(AcceptError::Org(org_status));
        }
        sqlx::query!(
            "update memberships set status = 'active', updated_at = clock_timestamp() where org = $1 and account = $2",
            org.as_str(),
            account.as_str()
        )
        .execute(&mut *locked.tx)
        .await?;
        let member = locked.member(&account).await?.ok_or(AcceptError::NotFound)?.record;
        let target = AuditTarget::new("membership", &audit_target(org, &account));
        let accepted = by.row(org, AuditAction::InviteAccepted, &target, json!({ "role": member.role }));
        write_audit(&mut locked.tx, &[accepted]).await?;
        locked.audit_member(by, AuditAction::MembershipUpdated, &member).await?;
        locked.commit(self).await?;
        Ok(member)
    }
}

impl LockedOrg {
    /// Gives an account that exists a membership, or makes the one that it has into this.
    async fn place(&mut self, account: &UserId, role: Role, status: MemberStatus, by: &Mandate) -> Result<Invited, MemberError> {
        let doer = self.doer(by).await?.ok_or(MembershipRefused::NotPermitted)?;
        let before = self.member(account).await?;
        let other_owners = self.owners_besides(account).await?;
        membership::invites(&doer, before.as_ref().map(|found| &found.standing), role, other_owners)?;
        let at = sqlx::query_scalar!(
            "insert into memberships (org, account, role, status, created_at, updated_at)
             values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp())
             on conflict (org, account) do update set role = excluded.role, status = excluded.status, updated_at = clock_timestamp()
             returning updated_at",
            self.org.as_str(),
            account.as_str(),
            role.as_str(),
            status.as_str()
        )
        .fetch_one(&mut *self.tx)
        .await?;
        let Found { standing, record } = self.member(account).await?.ok_or(MemberError::NotFound)?;
        let action = if before.is_some() { AuditAction::MembershipUpdated } else { AuditAction::MembershipCreated };
        self.audit_member(by, action, &record).await?;
        if let Some(before) = before {
            self.settle(&before.standing, &standing, by, "member_reinvited").await?;
        }
        Ok(Invited { member: record, at: at.into() })
    }
}
