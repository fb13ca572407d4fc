//! Pages of the log, by session and by workspace.

use crate::{
    Store, StoreError, StoredEvent,
    column::{bigint, sequence},
};
use cowork_domain::{
    event::EventType,
    ids::{Sequence, SessionId, WorkspaceId},
};
use time::OffsetDateTime;

/// An event at its place in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkspaceEvent {
    /// Its place in the workspace.
    pub workspace_sequence: Sequence,
    /// Whose event it is.
    pub session: SessionId,
    /// The event with its place in the session.
    pub event: StoredEvent,
}

/// What is in a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogBounds {
    /// The first place that is still there; zero if the log is empty.
    pub earliest: Sequence,
    /// The last place; zero if the log is empty.
    pub latest: Sequence,
    /// How many events that is: places are dense.
    pub count: u64,
}

impl LogBounds {
    fn read(earliest: Option<i64>, latest: Option<i64>) -> Self {
        let (Some(earliest), Some(latest)) = (earliest, latest) else { return Self::default() };
        let (earliest, latest) = (sequence(earliest), sequence(latest));
        Self { earliest, latest, count: latest.0 - earliest.0 + 1 }
    }
}

impl Store {
    /// The events of a session that follow `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn read_events(&self, session: SessionId, after: Sequence, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = sqlx::query!(
            "select seq, type, payload, created_at from session_events where session = $1 and seq > $2 order by seq limit $3",
            session.as_uuid(),
            bigint(after.0),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| stored_event(session, row.seq, &row.r#type, row.payload, row.created_at)).collect()
    }

    /// The events of all sessions of a user that follow `after`, in the order of the workspace, at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn read_workspace_events(
        &self,
        workspace: WorkspaceId,
        after: Sequence,
        limit: u32,
    ) -> Result<Vec<StoredWorkspaceEvent>, StoreError> {
        let rows = sqlx::query!(
            "select ws_seq, session, seq, type, payload, created_at from session_events where ws = $1 and ws_seq > $2 order by ws_seq limit $3",
            workspace.as_uuid(),
            bigint(after.0),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| {
            let session = SessionId::from_uuid(row.session);
            let event = stored_event(session, row.seq, &row.r#type, row.payload, row.created_at)?;
            Ok(StoredWorkspaceEvent { workspace_sequence: sequence(row.ws_seq), session, event })
        });
        read.collect()
    }

    /// What is in a session's log.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn session_bounds(&self, session: SessionId) -> Result<LogBounds, StoreError> {
        let row = sqlx::query!("select min(seq) as earliest, max(seq) as latest from session_events where session = $1", session.as_uuid())
            .fetch_one(&self.pool)
            .await?;
        Ok(LogBounds::read(row.earliest, row.latest))
    }

    /// What is in a workspace's stream.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn workspace_bounds(&self, workspace: WorkspaceId) -> Result<LogBounds, StoreError> {
        let row =
            sqlx::query!("select min(ws_seq) as earliest, max(ws_seq) as latest from session_events where ws = $1", workspace.as_uuid())
                .fetch_one(&self.pool)
                .await?;
        Ok(LogBounds::read(row.earliest, row.latest))
    }
}

pub(super) fn stored_event(
    session: SessionId,
    place: i64,
    event_type: &str,
    payload: String,
    at: OffsetDateTime,
) -> Result<StoredEvent, StoreError> {
    let event_type = EventType::parse(event_type)
        .ok_or_else(|| StoreError::inconsistent("session_events", format!("{session}:{place}"), "unknown event type"))?;
    Ok(StoredEvent { sequence: sequence(place), event_type, payload: payload.into(), at: at.into() })
}
