//! Threads and their sessions.

use crate::{
    GrantedSession, Store, StoreError,
    audit::write_audit,
    column::{bigint, sequence},
};
use cowork_domain::{
    audit::AuditRow,
    channel::{
        ids::{AgentId, ChannelBindingId, ChannelSessionId},
        provider::ChannelProvider,
        session::{ChannelCursor, ChannelSession, ChannelSessionStatus, ChannelThread, NewChannelSession},
    },
    ids::{OrgId, SessionId, TokenId},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A thread that was to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundThread {
    /// As it is now: perhaps bound by somebody else, to something else.
    pub session: ChannelSession,
    /// Whether it was bound just now.
    pub is_new: bool,
}

/// What became of a cursor to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorMove {
    /// It is there now.
    Moved(ChannelSession),
    /// It was further already.
    Stale(ChannelSession),
    /// Another gateway serves the binding.
    LeaseLost,
}

impl Store {
    /// One thread of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_session(&self, org: &OrgId, id: &ChannelSessionId) -> Result<Option<ChannelSession>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "select id, org, agent, binding, provider, external_workspace, external_chat, external_thread, session,
                    last_event_sequence, last_workspace_sequence, last_chat_message, status, created_at, updated_at
               from channel_sessions where org = $1 and id = $2 and status = 'active'",
            org.as_str(),
            id.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The session of a thread, if it has one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_session_of_thread(&self, org: &OrgId, thread: &ChannelThread) -> Result<Option<ChannelSession>, StoreError> {
        by_thread(&mut *self.pool.acquire().await?, org, thread).await
    }

    /// Binds a thread to a session, unless it is bound already; `audit` is written if it is bound now. The thread's uniqueness
    /// decides between two who bind it at once.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn bind_channel_thread(&self, org: &OrgId, new: &NewChannelSession, audit: &[AuditRow]) -> Result<BoundThread, StoreError> {
        let mut tx = self.pool.begin().await?;
        let made = sqlx::query!(
            "insert into channel_sessions
                    (id, org, agent, binding, provider, external_workspace, external_chat, external_thread, session,
                     last_event_sequence, last_workspace_sequence, last_chat_message)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (org, provider, coalesce(external_workspace, ''), external_chat, external_thread) do nothing",
            new.id.as_str(),
            org.as_str(),
            new.agent.as_str(),
            new.binding.as_str(),
            new.thread.provider.as_str(),
            new.thread.workspace,
            new.thread.chat,
            new.thread.thread,
            new.session.as_uuid(),
            bigint(new.cursor.event_sequence.0),
            bigint(new.cursor.workspace_sequence.0),
            new.cursor.chat_message.clone().flatten()
        )
        .execute(&mut *tx)
        .await?;
        let session = by_thread(&mut tx, org, &new.thread).await?;
        let session = session.ok_or_else(|| StoreError::inconsistent("channel_sessions", &new.id, "it vanished while it was made"))?;
        let is_new = made.rows_affected() == 1;
        if is_new {
            write_audit(&mut tx, audit).await?;
        }
        tx.commit().await?;
        Ok(BoundThread { session, is_new })
    }

    /// Says how far a thread was shown; it never goes back. One statement that locks nothing but its row, because a gateway
    /// calls this for each event. None: no such thread, or its binding is not served, or not granted to the token.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn move_channel_cursor(
        &self,
        org: &OrgId,
        token: Option<&TokenId>,
        id: &ChannelSessionId,
        cursor: &ChannelCursor,
    ) -> Result<Option<CursorMove>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "update channel_sessions s
                set last_event_sequence = $4, last_workspace_sequence = $5,
                    last_chat_message = case when $6 then $7 else last_chat_message end, updated_at = clock_timestamp()
               from channel_bindings b
              where s.org = $1 and s.id = $2 and s.status = 'active' and b.org = s.org and b.id = s.binding and b.status = 'active'
                and ($3::text is null
                     or exists (select from api_token_bindings g where g.org = s.org and g.token = $3 and g.channel_binding = s.binding))
                and s.last_event_sequence <= $4 and s.last_workspace_sequence <= $5
                and ($8::bigint is null
                     or exists (select from channel_leases l where l.org = s.org and l.binding = s.binding and l.epoch = $8))
             returning s.id, s.org, s.agent, s.binding, s.provider, s.external_workspace, s.external_chat, s.external_thread, s.session,
                       s.last_event_sequence, s.last_workspace_sequence, s.last_chat_message, s.status, s.created_at, s.updated_at",
            org.as_str(),
            id.as_str(),
            token.map(TokenId::as_str),
            bigint(cursor.event_sequence.0),
            bigint(cursor.workspace_sequence.0),
            cursor.chat_message.is_some(),
            cursor.chat_message.clone().flatten(),
            cursor.lease_epoch
        )
        .fetch_optional(&self.pool)
        .await?;
        if let Some(row) = row {
            return Ok(Some(CursorMove::Moved(row.try_into()?)));
        }
        let Some(GrantedSession { session, .. }) = self.granted_channel_session(org, token, id).await? else { return Ok(None) };
        if let Some(epoch) = cursor.lease_epoch
            && !self.is_channel_lease_current(org, &session.binding, epoch).await?
        {
            return Ok(Some(CursorMove::LeaseLost));
        }
        Ok(Some(CursorMove::Stale(session)))
    }
}

async fn by_thread(connection: &mut PgConnection, org: &OrgId, thread: &ChannelThread) -> Result<Option<ChannelSession>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, org, agent, binding, provider, external_workspace, external_chat, external_thread, session,
                last_event_sequence, last_workspace_sequence, last_chat_message, status, created_at, updated_at
           from channel_sessions
          where org = $1 and provider = $2 and coalesce(external_workspace, '') = coalesce($3, '') and external_chat = $4
            and external_thread = $5",
        org.as_str(),
        thread.provider.as_str(),
        thread.workspace,
        thread.chat,
        thread.thread
    )
    .fetch_optional(connection)
    .await?;
    row.map(TryInto::try_into).transpose()
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) org: String,
    pub(super) agent: String,
    pub(super) binding: String,
    pub(super) provider: String,
    pub(super) external_workspace: Option<String>,
    pub(super) external_chat: String,
    pub(super) external_thread: String,
    pub(super) session: Uuid,
    pub(super) last_event_sequence: i64,
    pub(super) last_workspace_sequence: i64,
    pub(super) last_chat_message: Option<String>,
    pub(super) status: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl TryFrom<Row> for ChannelSession {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let status = ChannelSessionStatus::parse(&row.status)
            .ok_or_else(|| StoreError::inconsistent("channel_sessions", &row.id, "unknown status"))?;
        Ok(Self {
            id: ChannelSessionId::new(row.id),
            org: OrgId::new(row.org),
            agent: AgentId::new(row.agent),
            binding: ChannelBindingId::new(row.binding),
            provider: ChannelProvider::stored(row.provider),
            external_workspace: row.external_workspace,
            external_thread: row.external_thread,
            external_chat: row.external_chat,
            session: SessionId::from_uuid(row.session),
            last_event_sequence: sequence(row.last_event_sequence),
            last_workspace_sequence: sequence(row.last_workspace_sequence),
            last_chat_message_id: row.last_chat_message,
            status,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}
