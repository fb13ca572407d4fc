//! The database: reachable, or startable.

use super::{Check, programs};
use crate::config::Secret;
use crate::config::storage::StorageConfig;
use cowork_store::{Store, StoreOptions};
use std::path::PathBuf;

const NAME: &str = "PostgreSQL";

/// The oldest major version that is known to work.
const OLDEST: u32 = 15;

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

/// Looks where the private server's start looks for programs: the configured directory, the search path, Debian's directories.
async fn private(storage: &StorageConfig, path: &[PathBuf]) -> Check {
    let configured = storage.postgres_programs.iter().cloned();
    let candidates: Vec<PathBuf> = configured.chain(path.iter().cloned()).chain(debian_directories()).collect();
    let Some(directory) =
        candidates.into_iter().find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
    else {
        return Check::missing(
            NAME,
            "no server programs found and no database URL set",
            "install them (Debian: apt-get install postgresql), name their directory in PG_BIN, or set OPEN_COWORK_CLOUD_CONTROL_PLANE_URL; with npm the first start downloads them",
        );
    };
    let version = programs::first_line(&directory.join("postgres"), &["--version"]).await.unwrap_or_default();
    let major = version.split_ascii_whitespace().find_map(|word| word.split('.').next()?.parse::<u32>().ok());
    let found = format!("{version} in {}", directory.display());
    match major {
        Some(major) if major >= OLDEST => Check::ok(NAME, found),
        Some(_) => Check::missing(NAME, found, format!("version {OLDEST} or newer is needed")),
        None => Check::missing(
            NAME,
            format!("the programs in {} do not run", directory.display()),
            "reinstall PostgreSQL, or name another directory in PG_BIN",
        ),
    }
}

/// Debian keeps server programs out of the search path, one directory per major version; newest first.
fn debian_directories() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, directory)| directory).collect()
}
