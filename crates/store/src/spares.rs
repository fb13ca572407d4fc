//! A few connections that are kept for one kind of statement.
//!
//! A pool asks every connection that comes back whether it still stands, which for a statement of one round trip is half of the
//! work. Here one comes back only after a statement that went well, and is asked when it was idle for long.

use crate::StoreError;
use parking_lot::Mutex;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Connections that wait for their next statement.
pub(crate) struct Spares {
    idle: Mutex<Vec<Spare>>,
    limits: SpareLimits,
    options: PgConnectOptions,
}

/// How spare connections are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpareLimits {
    /// So many are kept. More can be in use, if more is asked at once.
    pub(crate) kept: usize,
    /// One that was idle for longer is asked whether it still stands.
    pub(crate) trusted_idle: Duration,
    /// How long making one, and asking one, may take.
    pub(crate) patience: Duration,
}

struct Spare {
    connection: PgConnection,
    since: Instant,
}

impl Spares {
    pub(crate) fn new(limits: SpareLimits, options: PgConnectOptions) -> Self {
        Self { idle: Mutex::default(), limits, options }
    }

    /// Runs a statement. A connection on which it fails, or in the middle of which the caller goes away, is not used again.
    pub(crate) async fn run<T>(&self, statement: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.take().await?;
        let done = statement(&mut connection).await?;
        let mut idle = self.idle.lock();
        if idle.len() < self.limits.kept {
            idle.push(Spare { connection, since: Instant::now() });
        }
        Ok(done)
    }

    /// Closes those that are idle.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        for spare in idle {
            // It goes away in any case.
            spare.connection.close().await.ok();
        }
    }

    async fn take(&self) -> Result<PgConnection, StoreError> {
        let SpareLimits { trusted_idle, patience, .. } = self.limits;
        while let Some(Spare { mut connection, since }) = self.pop() {
            if since.elapsed() < trusted_idle || matches!(timeout(patience, connection.ping()).await, Ok(Ok(()))) {
                return Ok(connection);
            }
        }
        match timeout(patience, PgConnection::connect_with(&self.options)).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(StoreError::Unavailable("no connection could be made in time".to_owned())),
        }
    }

    fn pop(&self) -> Option<Spare> {
        self.idle.lock().pop()
    }
}
