//! What the log says of artifacts, found without reading whole sessions.

use crate::{Store, StoreError};
use cowork_domain::ids::{SessionId, WorkspaceId};

/// Which artifacts are wanted; what is `None` or empty doesn't matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArtifactFilter {
    /// Of one session.
    pub session: Option<SessionId>,
    /// Of one project.
    pub project: Option<String>,
    /// Of any of these tasks.
    pub tasks: Vec<String>,
    /// Of one kind.
    pub kind: Option<String>,
    /// As far as this.
    pub status: Option<String>,
}

/// An artifact as the newest event about it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedArtifact {
    /// Whose it is.
    pub session: SessionId,
    /// What that session is called.
    pub session_title: Option<String>,
    /// The payload of the event.
    pub payload: String,
}

/// Some artifacts, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactPage {
    /// They.
    pub artifacts: Vec<IndexedArtifact>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Store {
    /// A user's artifacts, those that changed last first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn list_artifacts(&self, workspace: WorkspaceId, filter: &ArtifactFilter, limit: u32) -> Result<ArtifactPage, StoreError> {
        let tasks = (!filter.tasks.is_empty()).then_some(&filter.tasks[..]);
        let mut rows = sqlx::query!(
            "select a.session, s.title, a.payload
               from artifact_index a join sessions s on s.session = a.session
              where a.ws = $1 and ($2::uuid is null or a.session = $2) and ($3::text is null or a.project_id = $3)
                and ($4::text[] is null or a.task_id = any($4)) and ($5::text is null or a.kind = $5) and ($6::text is null or a.status = $6)
              order by a.updated_at desc, a.session, a.artifact limit $7",
            workspace.as_uuid(),
            filter.session.map(|session| session.as_uuid()),
            filter.project.as_deref(),
            tasks,
            filter.kind.as_deref(),
            filter.status.as_deref(),
            i64::from(limit) + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let artifacts = rows.into_iter().map(|row| IndexedArtifact {
            session: SessionId::from_uuid(row.session),
            session_title: row.title,
            payload: row.payload,
        });
        Ok(ArtifactPage { artifacts: artifacts.collect(), has_more })
    }

    /// How many artifacts a session of a user has.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn count_artifacts(&self, workspace: WorkspaceId, session: SessionId) -> Result<u64, StoreError> {
        let found = sqlx::query_scalar!(
            r#"select count(*) as "count!" from artifact_index where session = $1 and ws = $2"#,
            session.as_uuid(),
            workspace.as_uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(crate::column::count(found))
    }

    /// One artifact of a user, as the payload of the newest event about it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn find_artifact(&self, workspace: WorkspaceId, session: SessionId, artifact: &str) -> Result<Option<String>, StoreError> {
        let payload = sqlx::query_scalar!(
            "select payload from artifact_index where session = $1 and artifact = $2 and ws = $3",
            session.as_uuid(),
            artifact,
            workspace.as_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(payload)
    }
}
