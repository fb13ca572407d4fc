//! Checkpoints of workspaces: the newest of each session.

use crate::{
    Store, StoreError,
    column::{bigint, count},
};
use cowork_domain::ids::{Epoch, OrgId, SessionId};

/// Which of two checkpoints is newer: the one of the later ownership, then of the later prompt, then of its later attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointVersion {
    /// In which its writer owned the session's shard. An owner that was replaced has a lower one than its successor.
    pub epoch: Epoch,
    /// The prompt's place among the session's commands.
    pub command: u64,
    /// Its attempt.
    pub attempt: u32,
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceCheckpoint {
    /// Whose workspace.
    pub session: SessionId,
    /// Whose organisation.
    pub org: OrgId,
    /// Which one.
    pub version: CheckpointVersion,
    /// Where the archive lies.
    pub object_key: String,
    /// Its lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
    /// Files in it.
    pub files: u64,
}

/// What became of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedCheckpoint {
    /// It is the session's newest.
    Newest,
    /// There is a newer one, so it is discarded.
    Superseded,
}

impl Store {
    /// The newest checkpoint of a session's workspace.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn workspace_checkpoint(&self, org: &OrgId, session: SessionId) -> Result<Option<WorkspaceCheckpoint>, StoreError> {
        let row = sqlx::query!(
            "select epoch, command, attempt, object_key, sha256, size, files from workspace_checkpoints where session = $1 and org = $2",
            session.as_uuid(),
            org.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| WorkspaceCheckpoint {
            session,
            org: org.clone(),
            version: CheckpointVersion {
                epoch: Epoch(row.epoch),
                command: count(row.command),
                attempt: u32::try_from(row.attempt).unwrap_or(0),
            },
            object_key: row.object_key,
            sha256: row.sha256,
            size: count(row.size),
            files: count(row.files.into()),
        }))
    }

    /// Keeps a checkpoint whose archive is written, unless there is a newer one; of two of the same version the later one counts,
    /// because one attempt has one writer. Whichever loses is discarded.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn save_workspace_checkpoint(&self, checkpoint: &WorkspaceCheckpoint) -> Result<SavedCheckpoint, StoreError> {
        let WorkspaceCheckpoint { session, org, version, object_key, sha256, size, files } = checkpoint;
        let mut transaction = self.pool.begin().await?;
        // Two writers of one session take turns, also for the first checkpoint, which has no row to wait for.
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 77015))", session.as_uuid())
            .fetch_one(&mut *transaction)
            .await?;
        let before = sqlx::query_scalar!("select object_key from workspace_checkpoints where session = $1", session.as_uuid())
            .fetch_optional(&mut *transaction)
            .await?;
        let saved = sqlx::query!(
            "insert into workspace_checkpoints as w (session, org, epoch, command, attempt, object_key, sha256, size, files)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (session) do update
                set epoch = excluded.epoch, command = excluded.command, attempt = excluded.attempt, object_key = excluded.object_key,
                    sha256 = excluded.sha256, size = excluded.size, files = excluded.files, written_at = now()
              where (w.epoch, w.command, w.attempt) <= (excluded.epoch, excluded.command, excluded.attempt)",
            session.as_uuid(),
            org.as_str(),
            version.epoch.0,
            bigint(version.command),
            i32::try_from(version.attempt).unwrap_or(i32::MAX),
            object_key,
            sha256,
            bigint(*size),
            i32::try_from(*files).unwrap_or(i32::MAX)
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        // The same checkpoint told again, because its answer was lost, is the newest and discards nothing.
        let again = before.as_ref() == Some(object_key);
        let loser = if saved { before } else { Some(object_key.clone()) };
        if let Some(loser) = loser.filter(|_| !again) {
            sqlx::query!("insert into discarded_objects (object_key) values ($1) on conflict (object_key) do nothing", loser)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(if saved || again { SavedCheckpoint::Newest } else { SavedCheckpoint::Superseded })
    }
}
