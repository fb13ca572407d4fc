//! A session's row: what the list shows, written with every append.

use crate::{
    Store, StoreError,
    column::{count, sequence, session_status},
};
use cowork_domain::{ids::ShardId, timestamp::Timestamp};
use cowork_domain::{
    ids::{OrgId, Sequence, SessionId, TenantId, UserId},
    session::{SessionIdentity, SessionStatus},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The row of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHead {
    /// What never changes.
    pub identity: SessionIdentity,
    /// Its shard, as written when it was created.
    pub shard: ShardId,
    /// Status of the record.
    pub status: SessionStatus,
    /// Title, if it ever got one.
    pub title: Option<String>,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Sequence of the last event.
    pub last_sequence: Sequence,
    /// How many commands the session ever had.
    pub command_count: u64,
    /// Name of the session within its runtime; empty until one is bound.
    pub runtime_session: String,
    /// The project source as JSON text.
    pub project_source: Option<String>,
}

/// The row as the queries of this folder select it.
pub(super) struct HeadRow {
    pub(super) session: Uuid,
    pub(super) tenant: String,
    pub(super) user_id: String,
    pub(super) org: String,
    pub(super) shard: i32,
    pub(super) profile_name: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) status: String,
    pub(super) title: Option<String>,
    pub(super) updated_at: OffsetDateTime,
    pub(super) last_seq: i64,
    pub(super) command_count: i64,
    pub(super) runtime_session: String,
    pub(super) project_source: Option<String>,
}

impl HeadRow {
    pub(super) fn read(self) -> Result<SessionHead, StoreError> {
        let status = session_status(self.session, &self.status)?;
        Ok(SessionHead {
            identity: SessionIdentity {
                session: SessionId::from_uuid(self.session),
                tenant: TenantId::new(self.tenant),
                user: UserId::new(self.user_id),
                org: OrgId::new(self.org),
                profile_name: self.profile_name,
                created_at: self.created_at.into(),
            },
            shard: ShardId(self.shard),
            status,
            title: self.title,
            updated_at: self.updated_at.into(),
            last_sequence: sequence(self.last_seq),
            command_count: count(self.command_count),
            runtime_session: self.runtime_session,
            project_source: self.project_source,
        })
    }
}

impl Store {
    /// The row of a session; `None` if there is no such session.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn session_head(&self, session: SessionId) -> Result<Option<SessionHead>, StoreError> {
        let row = sqlx::query_as!(
            HeadRow,
            "select session, tenant, user_id, org, shard, profile_name, created_at, status, title, updated_at, last_seq, command_count,
                    runtime_session, project_source
               from sessions where session = $1",
            session.as_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(HeadRow::read).transpose()
    }
}
