//! Everything that an activation needs, in one round trip and of one instant.

use super::{
    commands::CommandRow,
    event_log::stored_event,
    head::{HeadRow, SessionHead},
    snapshot::StoredSnapshot,
};
use crate::{Store, StoreError, StoredEvent, column::sequence};
use cowork_domain::{
    ids::{Sequence, SessionId},
    session::{CommandWrite, SessionIdentity},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A session as it stands in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedSession {
    /// What never changes.
    pub identity: SessionIdentity,
    /// Its row, which the log and the commands agree with.
    pub head: SessionHead,
    /// The state up to some place, if one was ever kept.
    pub snapshot: Option<StoredSnapshot>,
    /// The events that follow the snapshot, oldest first.
    pub tail: Vec<StoredEvent>,
    /// Commands that wait or run, oldest first.
    pub unfinished: Vec<CommandWrite>,
    /// How many commands the session ever had.
    pub command_count: u64,
}

impl LoadedSession {
    /// Bytes of the texts that have to be read to know its state.
    pub fn text_length(&self) -> usize {
        let tail: usize = self.tail.iter().map(|event| event.payload.len()).sum();
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.state.len()) + tail
    }
}

impl Store {
    /// Loads a session; `None` if there is no such session.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent` (also when the tail has a gap: invariant I1).
    pub async fn load_session(&self, session: SessionId) -> Result<Option<LoadedSession>, StoreError> {
        let row = sqlx::query!(
            r#"select s.session, s.tenant, s.user_id, s.org, s.shard, s.profile_name, s.created_at, s.status, s.title, s.updated_at,
                      s.last_seq, s.command_count, s.runtime_session, s.project_source,
                      n.seq as "snapshot_seq?", n.state as "snapshot_state?",
                      e.seqs as "event_seqs!", e.types as "event_types!", e.payloads as "event_payloads!", e.ats as "event_ats!",
                      c.ids as "command_ids!", c.seqs as "command_seqs!", c.kinds as "command_kinds!", c.payloads as "command_payloads!",
                      c.statuses as "command_statuses!", c.attempts as "command_attempts!", c.ats as "command_ats!"
                 from sessions s
                 left join snapshots n on n.session = s.session
                cross join lateral (
                      select coalesce(array_agg(seq), '{}') as seqs, coalesce(array_agg(type), '{}') as types,
                             coalesce(array_agg(payload), '{}') as payloads, coalesce(array_agg(created_at), '{}') as ats
                        from (select seq, type, payload, created_at from session_events
                               where session = s.session and seq > coalesce(n.seq, 0) order by seq) tail) e
                cross join lateral (
                      select coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(seq), '{}') as seqs,
                             coalesce(array_agg(kind), '{}') as kinds, coalesce(array_agg(payload), '{}') as payloads,
                             coalesce(array_agg(status), '{}') as statuses, coalesce(array_agg(attempt), '{}') as attempts,
                             coalesce(array_agg(created_at), '{}') as ats
                        from (select id, seq, kind, payload, status, attempt, created_at from commands
                               where shard = s.shard and session = s.session and status in ('pending', 'running') order by seq) unfinished) c
                where s.session = $1"#,
            session.as_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };

        let head = HeadRow {
            session: row.session,
            tenant: row.tenant,
            user_id: row.user_id,
            org: row.org,
            shard: row.shard,
            profile_name: row.profile_name,
            created_at: row.created_at,
            status: row.status,
            title: row.title,
            updated_at: row.updated_at,
            last_seq: row.last_seq,
            command_count: row.command_count,
            runtime_session: row.runtime_session,
            project_source: row.project_source,
        }
        .read()?;
        let snapshot = row.snapshot_seq.zip(row.snapshot_state).map(|(place, state)| StoredSnapshot { sequence: sequence(place), state });
        let from = snapshot.as_ref().map_or(Sequence::ZERO, |snapshot| snapshot.sequence);
        let tail = read_tail(session, row.event_seqs, row.event_types, row.event_payloads, row.event_ats)?;
        check_dense(&head, from, &tail)?;
        let rest = row.command_kinds.into_iter().zip(row.command_payloads).zip(row.command_statuses).zip(row.command_attempts);
        let keys: Vec<(Uuid, i64)> = row.command_ids.into_iter().zip(row.command_seqs).collect();
        let unfinished = keys
            .into_iter()
            .zip(rest)
            .zip(row.command_ats)
            .map(|(((id, seq), (((kind, payload), status), attempt)), created_at)| {
                CommandRow { id, seq, kind, payload, status, attempt, created_at, error_code: None, error_text: None }.read()
            })
            .collect::<Result<_, StoreError>>()?;
        let command_count = head.command_count;
        Ok(Some(LoadedSession { identity: head.identity.clone(), head, snapshot, tail, unfinished, command_count }))
    }
}

fn read_tail(
    session: SessionId,
    places: Vec<i64>,
    types: Vec<String>,
    payloads: Vec<String>,
    ats: Vec<OffsetDateTime>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let columns = places.into_iter().zip(types).zip(payloads).zip(ats);
    columns.map(|(((place, event_type), payload), at)| stored_event(session, place, &event_type, payload, at)).collect()
}

fn check_dense(head: &SessionHead, from: Sequence, tail: &[StoredEvent]) -> Result<(), StoreError> {
    let is_dense = tail.iter().zip(from.0 + 1..).all(|(event, expected)| event.sequence.0 == expected);
    let ends_at_head = from.0 + tail.len() as u64 == head.last_sequence.0;
    if is_dense && ends_at_head {
        return Ok(());
    }
    Err(StoreError::inconsistent("session_events", head.identity.session, "the log has a gap or does not end where its session does"))
}
