//! The database of this server: a given one, or a private one that is kept running.

use crate::config::storage::StorageConfig;
use anyhow::Context;
use cowork_store::{PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};
use std::time::Duration;
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// A server that dies more often than this within a minute is not started again.
const TOLERATED_DEATHS: u32 = 5;
const STEADY_AFTER: Duration = Duration::from_secs(60);

/// An open database.
pub(super) struct Database {
    store: Store,
    keeper: Option<Keeper>,
}

/// The task that owns the private server.
struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    gone: CancellationToken,
}

impl Database {
    /// Starts the private server if need be, connects, and brings the schema up to date.
    pub(super) async fn open(storage: &StorageConfig) -> anyhow::Result<Self> {
        let data_dir = &storage.data_dir;
        storage
            .make_data_dir()
            .with_context(|| format!("the data directory {} cannot be made; choose another with --data-dir", data_dir.display()))?;
        let (url, keeper) = if let Some(url) = &storage.database_url {
            (url.expose().clone(), None)
        } else {
            let options = PrivatePostgresOptions { data_dir: storage.postgres_dir(), pg_bin: storage.postgres_programs.clone() };
            let server = PrivatePostgres::start(options).await?;
            (server.url().to_owned(), Some(Keeper::keep(server)))
        };
        let opened = open_store(url, storage).await;
        match opened {
            Ok(store) => Ok(Self { store, keeper }),
            Err(error) => {
                if let Some(keeper) = keeper {
                    keeper.stop().await;
                }
                Err(error)
            }
        }
    }

    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    /// Resolves when the private server can't be kept running.
    pub(super) async fn gone(&self) {
        match &self.keeper {
            Some(keeper) => keeper.gone.cancelled().await,
            None => std::future::pending().await,
        }
    }

    pub(super) async fn close(self) {
        drop(self.store);
        if let Some(keeper) = self.keeper {
            keeper.stop().await;
        }
    }
}

async fn open_store(url: String, storage: &StorageConfig) -> anyhow::Result<Store> {
    let options = StoreOptions {
        url,
        max_connections: storage.pool.max_connections,
        connect_timeout: storage.pool.connect_timeout,
        statement_timeout: storage.pool.statement_timeout,
    };
    let store = Store::connect(options).await.context("cannot open the database")?;
    if storage.run_migrations {
        store.migrate().await.context("cannot bring the database up to date")?;
    }
    let status = store.migration_status().await.context("cannot read the database's version")?;
    anyhow::ensure!(status.is_current(), "the database doesn't fit this program ({status}); run `cowork migrate`");
    store.warm_up().await.context("cannot read the database")?;
    Ok(store)
}

impl Keeper {
    fn keep(server: PrivatePostgres) -> Self {
        let (stop, stopping) = oneshot::channel();
        let gone = CancellationToken::new();
        let task = tokio::spawn(keep_running(server, stopping, gone.clone()));
        Self { stop, task, gone }
    }

    async fn stop(self) {
        self.stop.send(()).ok();
        self.task.await.ok();
    }
}

/// Brings a killed server back: what was committed is there again after its recovery.
async fn keep_running(mut server: PrivatePostgres, mut stopping: oneshot::Receiver<()>, gone: CancellationToken) {
    let mut deaths = 0;
    let mut steady_since = std::time::Instant::now();
    loop {
        tokio::select! {
            _ = &mut stopping => return server.stop().await,
            reason = server.exited() => tracing::error!(reason, "the private PostgreSQL ended and is started again"),
        }
        if steady_since.elapsed() > STEADY_AFTER {
            deaths = 0;
        }
        deaths += 1;
        metrics::counter!("cowork_private_postgres_restarts_total").increment(1);
        while let Err(error) = server.restart().await {
            tracing::error!(%error, "the private PostgreSQL could not be started again");
            deaths += 1;
            if deaths > TOLERATED_DEATHS {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        if deaths > TOLERATED_DEATHS {
            gone.cancel();
            stopping.await.ok();
            return server.stop().await;
        }
        steady_since = std::time::Instant::now();
    }
}
