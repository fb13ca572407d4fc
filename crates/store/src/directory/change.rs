//! What a directory changes.

use super::{
    departure::Aftermath,
    user::{DirectoryUser, account_of, user_of},
};
use crate::{
    Directory, Store, StoreError,
    audit::write_audit,
    identity::{lock_memberships, record_revocation, standing},
};
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::{UserId, stable_id},
    membership::{MembershipRefused, Standing, keeps_an_owner},
    principal::Role,
    scim::UserRequest,
    signup::MemberStatus,
    timestamp::Timestamp,
};
use serde_json::json;
use sqlx::{PgConnection, PgTransaction};

/// One request of a directory, as the audit log tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The part of the server that does it, for example `scim.deprovision`.
    pub part: &'static str,
    /// Names the request.
    pub cause: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Why a directory's change has no effect, not even in part.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoryError {
    /// The rules say no: the organisation would have no owner.
    #[error(transparent)]
    Refused(#[from] MembershipRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for DirectoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Makes a member, or finds the one with the address and does what the directory says of them. A member's role stays.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn provision_user(&self, directory: &Directory, user: &UserRequest, deed: Deed<'_>) -> Result<DirectoryUser, DirectoryError> {
        let mut transaction = self.begin_for(directory).await?;
        let mut aftermath = Aftermath::default();
        let known = known_account(&mut transaction, directory, &user.email).await?;
        let account = match known {
            Some(account) => {
                describe(&mut transaction, directory, &account, user).await?;
                set_active(&mut transaction, &mut aftermath, directory, &account, user.active, &deed).await?;
                account
            }
            None => create(&mut transaction, &mut aftermath, directory, user, &deed).await?,
        };
        let user = user_of(&mut transaction, directory, &account).await?;
        self.finish(transaction, aftermath).await?;
        Ok(user)
    }

    /// Lets a member take part, or takes back everything that they could come in with; none changes nothing. None as the
    /// answer: the directory's id is unknown.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn set_directory_user_active(
        &self,
        directory: &Directory,
        id: &str,
        active: Option<bool>,
        deed: Deed<'_>,
    ) -> Result<Option<DirectoryUser>, DirectoryError> {
        let mut transaction = self.begin_for(directory).await?;
        let mut aftermath = Aftermath::default();
        let Some(account) = account_of(&mut transaction, directory, id).await? else { return Ok(None) };
        if let Some(active) = active {
            set_active(&mut transaction, &mut aftermath, directory, &account, active, &deed).await?;
        }
        let user = user_of(&mut transaction, directory, &account).await?;
        self.finish(transaction, aftermath).await?;
        Ok(Some(user))
    }

    /// Gives a role to the members whom the directory or their identity provider calls so. Who loses rights by that loses
    /// their API tokens, too.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn grant_directory_role(
        &self,
        directory: &Directory,
        members: &[String],
        role: Role,
        deed: Deed<'_>,
    ) -> Result<(), DirectoryError> {
        let mut transaction = self.begin_for(directory).await?;
        let mut aftermath = Aftermath::default();
        let rows = sqlx::query!(
            r#"select m.account, m.role, m.status, r.role_key is not null as "is_custom!"
                 from memberships m join accounts a on a.tenant = $2 and a.account = m.account
                 left join custom_roles r on r.org = m.org and r.role_key = m.custom_role
                where m.org = $1 and (m.external_id = any($3) or a.subject = any($3)) and m.role <> $4
                order by m.account for update of m"#,
            directory.org.as_str(),
            directory.tenant.as_str(),
            members,
            role.as_str()
        )
        .fetch_all(&mut *transaction)
        .await?;
        for row in rows {
            let before = Role::parse(&row.role)
                .ok_or_else(|| StoreError::inconsistent("memberships", format!("{} {}", directory.org, row.account), "unknown role"))?;
            keeps_owned(&mut transaction, directory, &row.account, |member| Standing { role, ..member }).await?;
            sqlx::query!(
                "update memberships set role = $3, updated_at = now() where org = $1 and account = $2",
                directory.org.as_str(),
                row.account,
                role.as_str()
            )
            .execute(&mut *transaction)
            .await?;
            aftermath.audit.push(membership_row(
                directory,
                &row.account,
                AuditAction::MembershipUpdated,
                role.as_str(),
                &row.status,
                &deed,
            ));
            // A custom role replaces the built-in one, so nothing was lost.
            if !row.is_custom && !before.permissions().is_within(role.permissions()) {
                aftermath.revoke_tokens(&mut transaction, &directory.org, &row.account, &deed).await?;
            }
        }
        Ok(self.finish(transaction, aftermath).await?)
    }

    /// One change of memberships at a time: two requests about the same person must not both find nobody, and a directory and an
    /// owner must not each remove one of the last two owners.
    async fn begin_for(&self, directory: &Directory) -> Result<PgTransaction<'static>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        lock_memberships(&mut transaction, &directory.org).await?;
        Ok(transaction)
    }

    async fn finish(&self, mut transaction: PgTransaction<'static>, aftermath: Aftermath) -> Result<(), StoreError> {
        write_audit(&mut transaction, &aftermath.audit).await?;
        for revocation in &aftermath.revocations {
            record_revocation(&mut transaction, revocation).await?;
        }
        transaction.commit().await?;
        if !aftermath.revocations.is_empty() {
            self.announce_revocations().await;
        }
        Ok(())
    }
}

async fn known_account(connection: &mut PgConnection, directory: &Directory, email: &str) -> Result<Option<String>, StoreError> {
    let account = sqlx::query_scalar!(
        "select m.account from memberships m join accounts a on a.tenant = $2 and a.account = m.account
          where m.org = $1 and lower(a.email) = $3 order by m.created_at, m.account limit 1 for update of m",
        directory.org.as_str(),
        directory.tenant.as_str(),
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(account)
}

/// The directory's names for somebody who is a member already.
async fn describe(connection: &mut PgConnection, directory: &Directory, account: &str, user: &UserRequest) -> Result<(), StoreError> {
    sqlx::query!(
        "update accounts set display_name = coalesce($3, display_name) where tenant = $1 and account = $2",
        directory.tenant.as_str(),
        account,
        user.display_name
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update memberships set external_id = coalesce($3, external_id), updated_at = now() where org = $1 and account = $2",
        directory.org.as_str(),
        account,
        user.external_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A membership without an identity: the first login with its address claims it.
async fn create(
    connection: &mut PgConnection,
    aftermath: &mut Aftermath,
    directory: &Directory,
    user: &UserRequest,
    deed: &Deed<'_>,
) -> Result<String, StoreError> {
    let account = stable_id("account", &[directory.org.as_str(), &user.email]);
    sqlx::query!(
        "insert into accounts (tenant, account, user_id, email, display_name) values ($1, $2, $2, $3, $4)
         on conflict (tenant, account) do update set display_name = coalesce($4, accounts.display_name)",
        directory.tenant.as_str(),
        account,
        user.email,
        user.display_name
    )
    .execute(&mut *connection)
    .await?;
    let status = if user.active { "active" } else { "disabled" };
    sqlx::query!(
        "insert into memberships (org, account, role, status, directory_id, external_id) values ($1, $2, 'member', $3, $2, $4)
         on conflict (org, account) do update set status = $3, external_id = coalesce($4, memberships.external_id), updated_at = now()",
        directory.org.as_str(),
        account,
        status,
        user.external_id
    )
    .execute(connection)
    .await?;
    aftermath.audit.push(membership_row(directory, &account, AuditAction::MembershipCreated, Role::Member.as_str(), status, deed));
    Ok(account)
}

async fn set_active(
    connection: &mut PgConnection,
    aftermath: &mut Aftermath,
    directory: &Directory,
    account: &str,
    active: bool,
    deed: &Deed<'_>,
) -> Result<(), DirectoryError> {
    let status = if active { MemberStatus::Active } else { MemberStatus::Disabled };
    keeps_owned(connection, directory, account, |member| Standing { status, ..member }).await?;
    let status = status.as_str();
    let role = sqlx::query_scalar!(
        "update memberships set status = $3, updated_at = now() where org = $1 and account = $2 and status <> $3 returning role",
        directory.org.as_str(),
        account,
        status
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(role) = &role {
        aftermath.audit.push(membership_row(directory, account, AuditAction::MembershipUpdated, role, status, deed));
    }
    if !active {
        // Also of somebody who was out already: a directory repeats itself until it is sure.
        aftermath.shut_out(connection, &directory.org, account, deed).await?;
    }
    Ok(())
}

/// Refuses what would leave the organisation without an owner.
async fn keeps_owned(
    connection: &mut PgConnection,
    directory: &Directory,
    account: &str,
    change: impl FnOnce(Standing) -> Standing + Send,
) -> Result<(), DirectoryError> {
    let found = standing(connection, &directory.org, &directory.tenant, &UserId::new(account)).await?;
    let Some((before, other_owners)) = found else { return Ok(()) };
    let after = change(before.clone());
    Ok(keeps_an_owner(&before, &after, other_owners)?)
}

fn membership_row(directory: &Directory, account: &str, action: AuditAction, role: &str, status: &str, deed: &Deed<'_>) -> AuditRow {
    let target = AuditTarget::new("membership", &format!("{}:{account}", directory.org));
    let metadata = json!({ "role": role, "status": status });
    AuditRow::by_system(&directory.org, deed.part, deed.cause, action, &target, metadata, deed.at)
}
