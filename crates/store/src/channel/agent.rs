//! Headless agents.

use crate::{Mandate, Store, StoreError, audit::write_audit};
use cowork_domain::{
    audit::{AuditAction, AuditTarget},
    channel::{
        agent::{AgentChange, AgentStatus, HeadlessAgent, NewAgent},
        ids::AgentId,
    },
    ids::{OrgId, TenantId, UserId},
};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What became of an agent to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCreated {
    /// It is there: made now, or with the same id before.
    There(HeadlessAgent),
    /// Another organisation has one with this id.
    IdTaken,
}

impl Store {
    /// The agents of an organisation, those that were changed last first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn headless_agents(&self, org: &OrgId, limit: u32) -> Result<Vec<HeadlessAgent>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, org, tenant, profile, name, status, managed, created_by, created_at, updated_at
               from headless_agents where org = $1 order by updated_at desc, id limit $2",
            org.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One agent of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn headless_agent(&self, org: &OrgId, id: &AgentId) -> Result<Option<HeadlessAgent>, StoreError> {
        read(&mut *self.pool.acquire().await?, org, id).await
    }

    /// Makes an agent. One with the id that is there already stays as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn create_headless_agent(&self, org: &OrgId, agent: &NewAgent, by: &Mandate) -> Result<AgentCreated, StoreError> {
        let mut tx = self.pool.begin().await?;
        let made = sqlx::query!(
            "insert into headless_agents (id, org, tenant, profile, name, status, managed, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
            agent.id.as_str(),
            org.as_str(),
            agent.tenant.as_str(),
            agent.profile_name,
            agent.name,
            agent.status.as_str(),
            agent.managed,
            agent.created_by.as_str()
        )
        .execute(&mut *tx)
        .await?;
        let Some(stored) = read(&mut tx, org, &agent.id).await? else { return Ok(AgentCreated::IdTaken) };
        if made.rows_affected() == 1 {
            audit(&mut tx, by, AuditAction::HeadlessAgentCreated, &stored).await?;
        }
        tx.commit().await?;
        Ok(AgentCreated::There(stored))
    }

    /// Changes an agent. None: the organisation has no such agent.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_headless_agent(
        &self,
        org: &OrgId,
        id: &AgentId,
        change: &AgentChange,
        by: &Mandate,
    ) -> Result<Option<HeadlessAgent>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query_as!(
            Row,
            "update headless_agents
                set profile = coalesce($3, profile), name = coalesce($4, name), status = coalesce($5, status),
                    managed = coalesce($6, managed), updated_at = clock_timestamp()
              where org = $1 and id = $2
             returning id, org, tenant, profile, name, status, managed, created_by, created_at, updated_at",
            org.as_str(),
            id.as_str(),
            change.profile_name,
            change.name,
            change.status.map(AgentStatus::as_str),
            change.managed
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let changed = row.try_into()?;
        audit(&mut tx, by, AuditAction::HeadlessAgentUpdated, &changed).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }
}

async fn read(connection: &mut PgConnection, org: &OrgId, id: &AgentId) -> Result<Option<HeadlessAgent>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, org, tenant, profile, name, status, managed, created_by, created_at, updated_at
           from headless_agents where org = $1 and id = $2",
        org.as_str(),
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    row.map(TryInto::try_into).transpose()
}

async fn audit(tx: &mut PgConnection, by: &Mandate, action: AuditAction, agent: &HeadlessAgent) -> Result<(), StoreError> {
    let metadata =
        json!({ "name": agent.name, "profileName": agent.profile_name, "status": agent.status.as_str(), "managed": agent.managed });
    let target = AuditTarget::new("headless_agent", agent.agent_id.as_str());
    write_audit(tx, &[by.row(&agent.org_id, action, &target, metadata)]).await
}

struct Row {
    id: String,
    org: String,
    tenant: String,
    profile: String,
    name: String,
    status: String,
    managed: bool,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for HeadlessAgent {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status =
            AgentStatus::parse(&row.status).ok_or_else(|| StoreError::inconsistent("headless_agents", &row.id, "unknown status"))?;
        Ok(Self {
            agent_id: AgentId::new(row.id),
            org_id: OrgId::new(row.org),
            tenant_id: TenantId::new(row.tenant),
            profile_name: row.profile,
            name: row.name,
            status,
            managed: row.managed,
            created_by_account_id: row.created_by.map(UserId::new),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}
