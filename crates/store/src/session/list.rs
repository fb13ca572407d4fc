//! A user's sessions, page by page (contract 01, `GET /api/sessions`; 00 §10).

use super::head::{HeadRow, SessionHead};
use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    ids::{SessionId, WorkspaceId},
    session::SessionStatus,
    timestamp::Timestamp,
};

/// Which sessions to list; empty fields don't restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Exactly this status.
    pub status: Option<SessionStatus>,
    /// Exactly this profile.
    pub profile_name: Option<String>,
    /// Part of the title, the session's id, the runtime session's name or the profile; case doesn't
    /// matter, and no character has a special meaning.
    pub query: Option<String>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPage {
    /// Last changed first, then by id.
    pub heads: Vec<SessionHead>,
    /// How many sessions are left, this page included, but never more than one beyond the page.
    pub remaining_estimate: u64,
}

impl Store {
    /// The sessions of a user after the given place. At most `limit`, at least one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn list_sessions(
        &self,
        workspace: WorkspaceId,
        filter: &SessionFilter,
        after: Option<(Timestamp, SessionId)>,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        let limit = limit.max(1);
        let rows = sqlx::query_as!(
            HeadRow,
            r#"select session, tenant, user_id, org, shard, profile_name, created_at, status, title, updated_at, last_seq, command_count,
                      runtime_session, project_source
                 from sessions
                where workspace = $1
                  and ($2::text is null or status = $2)
                  and ($3::text is null or profile_name = $3)
                  and ($4::text is null
                       or strpos(lower(coalesce(title, '')), lower($4)) > 0
                       or strpos('ses_' || replace(session::text, '-', ''), lower($4)) > 0
                       or strpos(lower(runtime_session), lower($4)) > 0
                       or strpos(lower(profile_name), lower($4)) > 0)
                  and ($5::timestamptz is null or updated_at < $5 or updated_at = $5 and session > $6)
                order by updated_at desc, session
                limit $7"#,
            workspace.as_uuid(),
            filter.status.map(SessionStatus::as_str),
            filter.profile_name.as_deref(),
            filter.query.as_deref(),
            after.map(|(updated_at, _)| instant(updated_at)),
            after.map(|(_, session)| session.as_uuid()),
            i64::from(limit) + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let remaining_estimate = rows.len() as u64;
        let page = rows.into_iter().take(limit as usize);
        let heads = page.map(HeadRow::read).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(SessionPage { heads, remaining_estimate })
    }
}
