//! The schema's versions: forward only, expand then contract.

use crate::{Store, StoreError};
use sqlx::{Connection, PgConnection, migrate::Migrator};

/// What [`Store::migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Versions that were applied now, or by another process while this one waited.
    pub applied: Vec<i64>,
    /// Versions in the database that this binary doesn't know: a newer one ran here. That is fine,
    /// because a migration only removes what no supported version uses any more.
    pub newer: Vec<i64>,
}

/// How the schema and this binary stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Known to both.
    pub applied: Vec<i64>,
    /// Known to this binary only; [`Store::migrate`] applies them.
    pub pending: Vec<i64>,
    /// Known to the database only.
    pub newer: Vec<i64>,
}

impl MigrationStatus {
    /// Whether this binary can work with the schema as it is. A newer one can be worked with: it only removes what no
    /// supported version uses.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
    }
}

impl std::fmt::Display for MigrationStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} migrations applied, {} pending, {} unknown to this program", self.applied.len(), self.pending.len(), self.newer.len())
    }
}

fn embedded() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
}

impl Store {
    /// Brings the schema to this binary's version, under an advisory lock: a second process waits
    /// and then finds nothing to do.
    ///
    /// # Errors
    /// `Unavailable`; `Unsuitable` when an applied migration was edited; `Database` when a statement fails.
    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        let mut connection = self.open_connection("cowork migrate", &[]).await?;
        let before = status(&mut connection).await?;
        embedded().run(&mut connection).await.map_err(read_error)?;
        connection.close().await?;
        Ok(MigrationReport { applied: before.pending, newer: before.newer })
    }

    /// Compares the schema with this binary and changes nothing.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        status(&mut *self.pool.acquire().await?).await
    }
}

async fn status(connection: &mut PgConnection) -> Result<MigrationStatus, StoreError> {
    // The migrator's own table; checked when it runs, because it isn't there before the first migration.
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut *connection).await?;
    let mut stored: Vec<i64> = Vec::new();
    if exists {
        stored = sqlx::query_scalar("select version from _sqlx_migrations where success order by version").fetch_all(connection).await?;
    }
    let known: Vec<i64> = embedded().iter().map(|migration| migration.version).collect();
    let (applied, pending) = known.iter().partition(|version| stored.contains(version));
    let newer = stored.into_iter().filter(|version| !known.contains(version)).collect();
    Ok(MigrationStatus { applied, pending, newer })
}

fn read_error(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::Unsuitable(format!("the schema can't be migrated: {other}")),
    }
}
