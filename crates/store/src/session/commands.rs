//! Commands: who has unfinished ones, what became of one, and how many an org has.

use crate::{Store, StoreError, column::count};
use cowork_domain::{
    ids::{CommandId, OrgId, SessionId, ShardId},
    session::{CommandKind, CommandStatus, CommandWrite},
    timestamp::Timestamp,
};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A session with its unfinished commands.
pub type BusySession = (SessionId, Vec<(CommandId, CommandStatus, Timestamp)>);

/// What an org has in hand, counted from the journal's own rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgCounts {
    /// Sessions with unfinished commands: each with its id, how far it is and when it came.
    pub busy: Vec<BusySession>,
    /// Prompts that came since the given instant, finished or not.
    pub prompts_since: u64,
}

/// The row as the queries of this folder select it.
pub(super) struct CommandRow {
    pub(super) id: Uuid,
    pub(super) seq: i64,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) status: String,
    pub(super) attempt: i32,
    pub(super) created_at: OffsetDateTime,
    pub(super) error_code: Option<String>,
    pub(super) error_text: Option<String>,
}

impl CommandRow {
    pub(super) fn read(self) -> Result<CommandWrite, StoreError> {
        let wrong = |what: &str| StoreError::inconsistent("commands", self.id, what);
        let payload = serde_json::from_str(&self.payload).map_err(|_| wrong("the payload is not json"))?;
        Ok(CommandWrite {
            id: CommandId::from_uuid(self.id),
            kind: CommandKind::from_row(&self.kind, payload).ok_or_else(|| wrong("unknown kind or payload"))?,
            created_sequence: count(self.seq),
            created_at: self.created_at.into(),
            status: CommandStatus::parse(&self.status).ok_or_else(|| wrong("unknown status"))?,
            attempt: u32::try_from(self.attempt).unwrap_or(0),
            error: self.error_code.map(|code| (code, self.error_text.unwrap_or_default())),
            is_new: false,
        })
    }
}

impl Store {
    /// The sessions of these shards that have unfinished commands: whoever takes a shard resumes them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sessions_with_unfinished_commands(&self, shards: &[ShardId]) -> Result<Vec<SessionId>, StoreError> {
        let shards: Vec<i32> = shards.iter().map(|shard| shard.0).collect();
        let sessions = sqlx::query_scalar!(
            "select distinct session from commands where shard = any($1) and status in ('pending', 'running')",
            &shards
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(sessions.into_iter().map(SessionId::from_uuid).collect())
    }

    /// A command and the session it belongs to; `None` if it never came.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn find_command(&self, id: CommandId) -> Result<Option<(SessionId, CommandWrite)>, StoreError> {
        let row = sqlx::query!(
            "select session, seq, kind, payload, status, attempt, created_at, error_code, error_text from commands where id = $1",
            id.as_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let session = SessionId::from_uuid(row.session);
        let command = CommandRow {
            id: id.as_uuid(),
            seq: row.seq,
            kind: row.kind,
            payload: row.payload,
            status: row.status,
            attempt: row.attempt,
            created_at: row.created_at,
            error_code: row.error_code,
            error_text: row.error_text,
        };
        Ok(Some((session, command.read()?)))
    }

    /// What an org has in hand: a new owner of the org counts again from here.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn org_counts(&self, org: &OrgId, hour_start: Timestamp) -> Result<OrgCounts, StoreError> {
        let rows = sqlx::query!(
            "select session, id, status, created_at from commands
              where org = $1 and status in ('pending', 'running') order by session, seq",
            org.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let mut busy: BTreeMap<SessionId, Vec<(CommandId, CommandStatus, Timestamp)>> = BTreeMap::new();
        for row in rows {
            let status = CommandStatus::parse(&row.status).ok_or_else(|| StoreError::inconsistent("commands", row.id, "unknown status"))?;
            let commands = busy.entry(SessionId::from_uuid(row.session)).or_default();
            commands.push((CommandId::from_uuid(row.id), status, row.created_at.into()));
        }
        let prompts = sqlx::query_scalar!(
            r#"select count(*) as "count!" from commands where org = $1 and kind = 'prompt' and created_at >= $2"#,
            org.as_str(),
            OffsetDateTime::from(hour_start)
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(OrgCounts { busy: busy.into_iter().collect(), prompts_since: count(prompts) })
    }
}
