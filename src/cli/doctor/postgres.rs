//! The database: reachable, or startable.

use super::{Check, State, programs};
use crate::config::Secret;
use crate::config::storage::StorageConfig;
use cowork_store::{InstalledPostgres, PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};
use std::path::PathBuf;

const NAME: &str = "PostgreSQL";

pub(super) async fn check(storage: &StorageConfig, path: &[PathBuf]) -> Check {
    match &storage.database_url {
        Some(url) => server(storage, url).await,
        None => private(storage, path).await,
    }
}

async fn server(storage: &StorageConfig, url: &Secret) -> Check {
    let options = StoreOptions {
        url: url.expose().clone(),
        max_connections: 1,
        connect_timeout: storage.pool.connect_timeout,
        statement_timeout: storage.pool.statement_timeout,
    };
    let store = match Store::connect(options).await {
        Ok(store) => store,
        Err(error) => return Check::missing(NAME, error.to_string(), "check OPEN_COWORK_CLOUD_CONTROL_PLANE_URL and that the server runs"),
    };
    let check = match store.migration_status().await {
        Ok(status) if status.pending.is_empty() => Check::ok(NAME, "the server answers, its schema is up to date"),
        Ok(status) if storage.run_migrations => {
            Check::ok(NAME, format!("the server answers, the start will apply {} migrations", status.pending.len()))
        }
        Ok(status) => Check::missing(NAME, format!("{} migrations are pending", status.pending.len()), "run `cowork migrate`"),
        Err(error) => Check::missing(NAME, format!("the state of the schema cannot be read: {error}"), "check the login's rights"),
    };
    store.close().await;
    check
}

/// What a start without a database of its own would run.
async fn private(storage: &StorageConfig, path: &[PathBuf]) -> Check {
    let options = PrivatePostgresOptions { data_dir: storage.postgres_dir(), pg_bin: storage.postgres_programs.clone() };
    match PrivatePostgres::inspect(options).await {
        Ok(Some(InstalledPostgres { folder, version })) => Check::ok(NAME, format!("version {version} in {}", folder.display())),
        Ok(None) if programs::find("npm", path).is_some() => Check::limited(
            NAME,
            "not installed: the first start downloads it with npm",
            "apt-get install postgresql, or set OPEN_COWORK_CLOUD_CONTROL_PLANE_URL, if you don't want that",
        ),
        Ok(None) => Check::missing(
            NAME,
            "no server programs found and no database URL set",
            "install them (Debian: apt-get install postgresql), name their directory in PG_BIN, or set OPEN_COWORK_CLOUD_CONTROL_PLANE_URL; \
             with npm the first start downloads them",
        ),
        Err(error) => Check { name: NAME, state: State::Missing, found: error.to_string(), hint: None },
    }
}
