//! Who people in chats are.

use crate::{Mandate, Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    channel::{
        identity::{ChannelIdentity, ChannelRole, ExternalPerson, IdentityFacts, IdentityStatus},
        ids::IdentityId,
        provider::ChannelProvider,
    },
    ids::{OrgId, UserId},
};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Which identities a list shows; what isn't said doesn't matter.
#[derive(Debug, Clone, Default)]
pub struct IdentityFilter {
    /// Of a chat system.
    pub provider: Option<ChannelProvider>,
    /// Of a workspace of it, or of none.
    pub external_workspace: Option<Option<String>>,
    /// Of a role.
    pub role: Option<ChannelRole>,
    /// Of a status.
    pub status: Option<IdentityStatus>,
}

/// An account that takes no part in the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organisation has no such account")]
pub struct UnknownAccount;

impl Store {
    /// The identities of an organisation, those that were changed last first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_identities(&self, org: &OrgId, filter: &IdentityFilter, limit: u32) -> Result<Vec<ChannelIdentity>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, org, provider, external_workspace, external_user, account, role, status, metadata, created_at, updated_at
               from channel_identities
              where org = $1 and ($2::text is null or provider = $2) and (not $3 or external_workspace is not distinct from $4)
                and ($5::text is null or role = $5) and ($6::text is null or status = $6)
              order by updated_at desc, id limit $7",
            org.as_str(),
            filter.provider.as_ref().map(ChannelProvider::as_str),
            filter.external_workspace.is_some(),
            filter.external_workspace.clone().flatten(),
            filter.role.map(ChannelRole::as_str),
            filter.status.map(IdentityStatus::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One identity of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_identity(&self, org: &OrgId, id: &IdentityId) -> Result<Option<ChannelIdentity>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "select id, org, provider, external_workspace, external_user, account, role, status, metadata, created_at, updated_at
               from channel_identities where org = $1 and id = $2",
            org.as_str(),
            id.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Who a person in a chat is, if anybody knows.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_person(&self, org: &OrgId, person: &ExternalPerson) -> Result<Option<ChannelIdentity>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "select id, org, provider, external_workspace, external_user, account, role, status, metadata, created_at, updated_at
               from channel_identities
              where org = $1 and provider = $2 and coalesce(external_workspace, '') = coalesce($3, '') and external_user = $4",
            org.as_str(),
            person.provider.as_str(),
            person.workspace,
            person.user
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Notes what is said about a person. Who was unknown so far is a viewer who waits, unless more is said; `minted` names
    /// them then. What decides about what they may do is in the audit log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn resolve_channel_identity(
        &self,
        org: &OrgId,
        person: &ExternalPerson,
        facts: &IdentityFacts,
        minted: &IdentityId,
        by: &Mandate,
    ) -> Result<Result<ChannelIdentity, UnknownAccount>, StoreError> {
        if let Some(account) = &facts.account {
            let found = sqlx::query_scalar!(
                r#"select exists (select from memberships where org = $1 and account = $2) as "found!""#,
                org.as_str(),
                account.as_str()
            );
            if !found.fetch_one(&self.pool).await? {
                return Ok(Err(UnknownAccount));
            }
        }
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query_as!(
            Row,
            "insert into channel_identities as i
                    (id, org, provider, external_workspace, external_user, account, role, status, metadata)
             values ($1, $2, $3, $4, $5, $6, coalesce($7, 'viewer'), coalesce($8, 'pending'), $9)
             on conflict (org, provider, coalesce(external_workspace, ''), external_user) do update
                set account = coalesce($6, i.account), role = coalesce($7, i.role), status = coalesce($8, i.status), metadata = $9,
                    updated_at = clock_timestamp()
             returning id, org, provider, external_workspace, external_user, account, role, status, metadata, created_at, updated_at",
            minted.as_str(),
            org.as_str(),
            person.provider.as_str(),
            person.workspace,
            person.user,
            facts.account.as_ref().map(UserId::as_str),
            facts.role.map(ChannelRole::as_str),
            facts.status.map(IdentityStatus::as_str),
            facts.metadata
        )
        .fetch_one(&mut *tx)
        .await?;
        let identity: ChannelIdentity = row.try_into()?;
        if facts.account.is_some() || facts.role.is_some() || facts.status.is_some() {
            let metadata = json!({
                "provider": identity.provider, "externalUserId": identity.external_user, "accountId": identity.account,
                "role": identity.role.as_str(), "status": identity.status.as_str(),
            });
            let target = AuditTarget::new("channel_identity", identity.id.as_str());
            write_audit(&mut tx, &[by.row(org, AuditAction::ChannelIdentityChanged, &target, metadata)]).await?;
        }
        tx.commit().await?;
        Ok(Ok(identity))
    }
}

struct Row {
    id: String,
    org: String,
    provider: String,
    external_workspace: Option<String>,
    external_user: String,
    account: Option<String>,
    role: String,
    status: String,
    metadata: Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for ChannelIdentity {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::inconsistent("channel_identities", &row.id, what);
        let role = ChannelRole::parse(&row.role).ok_or_else(|| wrong("unknown role"))?;
        let status = IdentityStatus::parse(&row.status).ok_or_else(|| wrong("unknown status"))?;
        Ok(Self {
            id: IdentityId::new(row.id),
            org: OrgId::new(row.org),
            provider: ChannelProvider::stored(row.provider),
            external_workspace: row.external_workspace,
            external_user: row.external_user,
            account: row.account.map(UserId::new),
            role,
            status,
            metadata: row.metadata,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}
