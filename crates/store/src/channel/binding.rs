//! Channel bindings.

use crate::{Mandate, Revocation, Revoked, Store, StoreError, audit::write_audit, column::count, identity::record_revocation};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    channel::{
        binding::{BindingChange, BindingStatus, ChannelBinding, CredentialRef, NewBinding},
        ids::{AgentId, ChannelBindingId},
        provider::ChannelProvider,
    },
    ids::OrgId,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The organisation has as many bindings as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organisation has as many channel bindings as it may have")]
pub struct BindingQuotaExceeded;

/// What became of a binding to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum BindingCreated {
    /// It is there: made now, or with the same id before.
    There(Box<ChannelBinding>),
    /// The organisation has no such agent.
    NoAgent,
    /// Another organisation has one with this id.
    IdTaken,
    /// See [`BindingQuotaExceeded`].
    QuotaExceeded,
}

/// A binding of a list, with its provider alone, for counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingCount {
    /// Which chat system.
    pub provider: ChannelProvider,
    /// How many there are.
    pub all: u64,
    /// How many of them are served.
    pub active: u64,
}

impl Store {
    /// The bindings of an organisation, those that were changed last first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_bindings(&self, org: &OrgId, agent: Option<&AgentId>, limit: u32) -> Result<Vec<ChannelBinding>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, org, agent, provider, external_workspace, display_name, status, credential_ref, settings, created_at, updated_at
               from channel_bindings where org = $1 and ($2::text is null or agent = $2) order by updated_at desc, id limit $3",
            org.as_str(),
            agent.map(AgentId::as_str),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// How many bindings there are, by chat system.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn channel_binding_counts(&self, org: &OrgId) -> Result<Vec<BindingCount>, StoreError> {
        let rows = sqlx::query!(
            r#"select provider, count(*) as "all!", count(*) filter (where status = 'active') as "active!"
                 from channel_bindings where org = $1 group by provider"#,
            org.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| BindingCount {
            provider: ChannelProvider::stored(row.provider),
            all: count(row.all),
            active: count(row.active),
        });
        Ok(read.collect())
    }

    /// One binding of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_binding(&self, org: &OrgId, id: &ChannelBindingId) -> Result<Option<ChannelBinding>, StoreError> {
        read(&mut *self.pool.acquire().await?, org, id).await
    }

    /// Makes a binding, unless the organisation has `most` already that aren't disabled. One with the id that is there already
    /// stays as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn create_channel_binding(
        &self,
        org: &OrgId,
        binding: &NewBinding,
        most: Option<u64>,
        by: &Mandate,
    ) -> Result<BindingCreated, StoreError> {
        let mut tx = self.pool.begin().await?;
        lock_bindings(&mut tx, org).await?;
        if let Some(stored) = read(&mut tx, org, &binding.id).await? {
            return Ok(BindingCreated::There(Box::new(stored)));
        }
        let has_agent = sqlx::query_scalar!(
            r#"select exists (select from headless_agents where org = $1 and id = $2) as "found!""#,
            org.as_str(),
            binding.agent.as_str()
        )
        .fetch_one(&mut *tx)
        .await?;
        if !has_agent {
            return Ok(BindingCreated::NoAgent);
        }
        if binding.status != BindingStatus::Disabled && !has_room(&mut tx, org, most).await? {
            return Ok(BindingCreated::QuotaExceeded);
        }
        sqlx::query!(
            "insert into channel_bindings (id, org, agent, provider, external_workspace, display_name, status, credential_ref, settings)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing",
            binding.id.as_str(),
            org.as_str(),
            binding.agent.as_str(),
            binding.provider.as_str(),
            binding.external_workspace,
            binding.display_name,
            binding.status.as_str(),
            binding.credential_ref.as_ref().map(CredentialRef::expose),
            binding.settings
        )
        .execute(&mut *tx)
        .await?;
        let Some(stored) = read(&mut tx, org, &binding.id).await? else { return Ok(BindingCreated::IdTaken) };
        audit(&mut tx, by, AuditAction::ChannelBindingCreated, &stored).await?;
        tx.commit().await?;
        Ok(BindingCreated::There(Box::new(stored)))
    }

    /// Changes a binding. What is open through it ends when it isn't served any more. None: the organisation has no such
    /// binding.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_channel_binding(
        &self,
        org: &OrgId,
        id: &ChannelBindingId,
        change: BindingChange,
        most: Option<u64>,
        by: &Mandate,
    ) -> Result<Result<Option<ChannelBinding>, BindingQuotaExceeded>, StoreError> {
        let mut tx = self.pool.begin().await?;
        lock_bindings(&mut tx, org).await?;
        let Some(before) = read(&mut tx, org, id).await? else { return Ok(Ok(None)) };
        let status = change.status.unwrap_or(before.status);
        let is_enabled = before.status == BindingStatus::Disabled && status != BindingStatus::Disabled;
        if is_enabled && !has_room(&mut tx, org, most).await? {
            return Ok(Err(BindingQuotaExceeded));
        }
        let credential_ref = change.credential_ref.unwrap_or_else(|| before.credential_ref.clone());
        let row = sqlx::query_as!(
            Row,
            "update channel_bindings
                set display_name = $3, status = $4, credential_ref = $5, settings = $6, updated_at = clock_timestamp()
              where org = $1 and id = $2
             returning id, org, agent, provider, external_workspace, display_name, status, credential_ref, settings, created_at,
                       updated_at",
            org.as_str(),
            id.as_str(),
            change.display_name.as_ref().unwrap_or(&before.display_name),
            status.as_str(),
            credential_ref.as_ref().map(CredentialRef::expose),
            change.settings.as_ref().unwrap_or(&before.settings)
        )
        .fetch_one(&mut *tx)
        .await?;
        let changed: ChannelBinding = row.try_into()?;
        audit(&mut tx, by, AuditAction::ChannelBindingUpdated, &changed).await?;
        let is_over = before.is_active() && !changed.is_active();
        if is_over {
            record_revocation(&mut tx, &Revocation { org: org.clone(), what: Revoked::Binding(id.clone()) }).await?;
        }
        tx.commit().await?;
        if is_over {
            self.announce_revocations().await;
        }
        Ok(Ok(Some(changed)))
    }
}

/// Nobody else counts, makes or enables a binding of the organisation until the transaction ends.
async fn lock_bindings(tx: &mut PgConnection, org: &OrgId) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('channel bindings ' || $1::text, 0))", org.as_str()).execute(tx).await?;
    Ok(())
}

async fn has_room(tx: &mut PgConnection, org: &OrgId, most: Option<u64>) -> Result<bool, StoreError> {
    let Some(most) = most else { return Ok(true) };
    let used =
        sqlx::query_scalar!(r#"select count(*) as "count!" from channel_bindings where org = $1 and status <> 'disabled'"#, org.as_str());
    Ok(count(used.fetch_one(tx).await?) < most)
}

async fn read(connection: &mut PgConnection, org: &OrgId, id: &ChannelBindingId) -> Result<Option<ChannelBinding>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, org, agent, provider, external_workspace, display_name, status, credential_ref, settings, created_at, updated_at
           from channel_bindings where org = $1 and id = $2",
        org.as_str(),
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    row.map(TryInto::try_into).transpose()
}

async fn audit(tx: &mut PgConnection, by: &Mandate, action: AuditAction, binding: &ChannelBinding) -> Result<(), StoreError> {
    let metadata = json!({
        "agentId": binding.agent, "provider": binding.provider, "displayName": binding.display_name, "status": binding.status.as_str(),
    });
    let target = AuditTarget::new("channel_binding", binding.id.as_str());
    write_audit(tx, &[by.row(&binding.org, action, &target, metadata)]).await
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) org: String,
    pub(super) agent: String,
    pub(super) provider: String,
    pub(super) external_workspace: Option<String>,
    pub(super) display_name: String,
    pub(super) status: String,
    pub(super) credential_ref: Option<String>,
    pub(super) settings: Value,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl TryFrom<Row> for ChannelBinding {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status =
            BindingStatus::parse(&row.status).ok_or_else(|| StoreError::inconsistent("channel_bindings", &row.id, "unknown status"))?;
        Ok(Self {
            id: ChannelBindingId::new(row.id),
            org: OrgId::new(row.org),
            agent: AgentId::new(row.agent),
            provider: ChannelProvider::stored(row.provider),
            external_workspace: row.external_workspace,
            display_name: row.display_name,
            status,
            credential_ref: row.credential_ref.map(CredentialRef::stored),
            settings: row.settings,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}
