//! Snapshots: a cache of the log's fold, never the truth.

use crate::{
    Store, StoreError,
    column::{bigint, sequence},
};
use cowork_domain::{
    ids::{Sequence, SessionId},
    timestamp::Timestamp,
};

/// A session's state up to a place in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// The last event that is in it.
    pub sequence: Sequence,
    /// As the domain serialises it.
    pub state: String,
}

impl Store {
    /// Keeps a snapshot. An older one than what is stored has no effect, so that a late writer can't turn the clock back; one of the
    /// same place takes its place, so that a repair lasts.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn save_snapshot(&self, session: SessionId, place: Sequence, state: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into snapshots as s (session, seq, state, written_at) values ($1, $2, $3, now())
             on conflict (session) do update set seq = excluded.seq, state = excluded.state, written_at = excluded.written_at
             where s.seq <= excluded.seq",
            session.as_uuid(),
            bigint(place.0),
            state
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How far the snapshot of a session is, and when it was written.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn snapshot_position(&self, session: SessionId) -> Result<Option<(Sequence, Timestamp)>, StoreError> {
        let row =
            sqlx::query!("select seq, written_at from snapshots where session = $1", session.as_uuid()).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| (sequence(row.seq), row.written_at.into())))
    }
}
