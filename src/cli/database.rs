//! The database of commands that work on it directly: the configured one, or that of the private server.

use super::settings::SettingArgs;
use crate::config::{Config, storage::StorageConfig};
use anyhow::{Context, bail};
use cowork_store::{PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};

/// A connected database.
pub(super) struct Database {
    pub(super) store: Store,
    private: Option<PrivatePostgres>,
}

impl Database {
    /// Connects; without a database URL it starts the private server, which must not be running.
    pub(super) async fn open(storage: &StorageConfig) -> anyhow::Result<Self> {
        let Some(url) = &storage.database_url else {
            storage.make_data_dir().with_context(|| format!("the data directory {} cannot be made", storage.data_dir.display()))?;
            let options = PrivatePostgresOptions { data_dir: storage.postgres_dir(), pg_bin: storage.postgres_programs.clone() };
            let server = PrivatePostgres::start(options).await.context("the private PostgreSQL does not start")?;
            return match connect(storage, server.url()).await {
                Ok(store) => Ok(Self { store, private: Some(server) }),
                Err(error) => {
                    server.stop().await;
                    Err(error)
                }
            };
        };
        Ok(Self { store: connect(storage, url.expose()).await?, private: None })
    }

    /// As [`Database::open`]; the private server may be running, under a cloud that is up: then its connections are shared.
    pub(super) async fn open_beside(storage: &StorageConfig) -> anyhow::Result<Self> {
        if storage.database_url.is_none()
            && let Some(url) = PrivatePostgres::url_beside(&storage.postgres_dir())
            && let Ok(store) = connect(storage, &url).await
        {
            return Ok(Self { store, private: None });
        }
        Self::open(storage).await
    }

    /// Closes the connections, and stops what was started.
    pub(super) async fn close(self) {
        self.store.close().await;
        if let Some(server) = self.private {
            server.stop().await;
        }
    }
}

/// The configured database, if this program knows its schema; a cloud on it may be up.
pub(super) async fn open(settings: SettingArgs) -> anyhow::Result<(Database, Config)> {
    let loaded = settings.load()?;
    let database = Database::open_beside(&loaded.config.storage).await?;
    match is_current(&database.store).await {
        Ok(()) => Ok((database, loaded.config)),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

async fn is_current(store: &Store) -> anyhow::Result<()> {
    let status = store.migration_status().await.context("the state of the database cannot be read")?;
    if !status.is_current() {
        bail!("the database is older than this program: run cowork migrate first");
    }
    Ok(())
}

async fn connect(storage: &StorageConfig, url: &str) -> anyhow::Result<Store> {
    let options = StoreOptions {
        url: url.to_owned(),
        max_connections: 2,
        connect_timeout: storage.pool.connect_timeout,
        statement_timeout: storage.pool.statement_timeout,
    };
    Store::connect(options).await.context("the database cannot be used")
}
