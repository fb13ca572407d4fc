//! The handle: a pool for everyday statements, and what it takes to open connections of one's own.

use crate::{
    StoreError,
    spares::{SpareLimits, Spares},
};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};

/// The oldest server that is known to work.
const OLDEST_SERVER: i32 = 150_000;

/// An idle connection is only tested after this long: a test costs a round trip.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// A renewal, a look, and a claim or a hand-over, at the same time.
const MEMBERSHIP_CONNECTIONS: u32 = 3;

/// Callers share statements, so one is enough.
const LOOKUP_CONNECTIONS: usize = 1;

/// How to reach the database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `postgres://…`; may carry a password.
    pub url: String,
    /// Connections of the pool for clients' requests. On top come the lanes, the liveness lock, the listeners,
    /// at most three for membership, and one to look up callers.
    pub max_connections: u32,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// The server ends a statement after this long.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// The defaults for a URL: 10 connections, 5 s to connect, 10 s for a statement.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 10, connect_timeout: Duration::from_secs(5), statement_timeout: Duration::from_secs(10) }
    }
}

/// The database. Cheap to clone; all clones share its pools.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    /// For leases and shards alone: a renewal never queues behind the requests of clients, and never fails because
    /// its connection went with the server's last life.
    pub(crate) membership: PgPool,
    /// For the look-up that every request makes: planning it anew would take ten times as long as doing it.
    pub(crate) lookups: Arc<Spares>,
    dedicated: Arc<PgConnectOptions>,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}

impl Store {
    /// Connects once and checks that the server can be used.
    ///
    /// # Errors
    /// `Unsuitable` for an unreadable URL, a server older than 15 or one whose encoding isn't UTF8;
    /// `Unavailable` when it can't be reached within the connect time-out.
    pub async fn connect(options: StoreOptions) -> Result<Self, StoreError> {
        let connect: PgConnectOptions =
            options.url.parse().map_err(|_| StoreError::Unsuitable("the database url can't be read; expected postgres://…".to_owned()))?;
        let connect = connect
            .application_name("cowork")
            // The fence relies on it (architecture §5): an operator's default for the database must not change it.
            // No statement of ours is meant to read a whole table, and a plan that was cached while a table
            // was small must not outlive its growth. Where one must all the same, the planner takes it for so
            // expensive that it would compile it first, which costs 100 ms for a table of five rows.
            .options([("default_transaction_isolation", "read committed"), ("timezone", "UTC"), ("enable_seqscan", "off"), ("jit", "off")])
            .disable_statement_logging();
        let timed = connect.clone().options([("statement_timeout", options.statement_timeout.as_millis().to_string())]);
        let membership =
            pool_of(MEMBERSHIP_CONNECTIONS, Duration::ZERO, options.connect_timeout, timed.clone().application_name("cowork membership"));
        let planned_once = timed.clone().application_name("cowork lookups").options([("plan_cache_mode", "force_generic_plan")]);
        let kept = SpareLimits { kept: LOOKUP_CONNECTIONS, trusted_idle: TRUSTED_IDLE, patience: options.connect_timeout };
        let store = Self {
            lookups: Arc::new(Spares::new(kept, planned_once)),
            pool: pool_of(options.max_connections.max(1), TRUSTED_IDLE, options.connect_timeout, timed),
            membership,
            dedicated: Arc::new(connect),
            connect_timeout: options.connect_timeout,
            statement_timeout: options.statement_timeout,
        };
        store.check_server().await?;
        Ok(store)
    }

    async fn check_server(&self) -> Result<(), StoreError> {
        let mut connection = self.open_connection("cowork start", &[]).await?;
        let server = sqlx::query!(
            r#"select current_setting('server_version_num')::int as "version!", current_setting('server_encoding') as "encoding!""#
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        if server.version < OLDEST_SERVER {
            let major = server.version / 10_000;
            return Err(StoreError::Unsuitable(format!("the database server is PostgreSQL {major}; version 15 or newer is needed")));
        }
        if server.encoding != "UTF8" {
            return Err(StoreError::Unsuitable(format!("the database's encoding is {}; create it with encoding UTF8", server.encoding)));
        }
        Ok(())
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// `Unavailable` when it doesn't.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Closes the pool after the statements that run now.
    pub async fn close(&self) {
        self.pool.close().await;
        self.membership.close().await;
        self.lookups.close().await;
    }

    /// The options of a connection outside the pool.
    pub(crate) fn connection_options(&self, name: &str, settings: &[(&str, String)]) -> PgConnectOptions {
        let options = PgConnectOptions::clone(&self.dedicated).application_name(name);
        options.options(settings.iter().map(|(key, value)| (*key, value.as_str())))
    }

    /// A connection outside the pool, without a statement time-out unless `settings` brings one.
    pub(crate) async fn open_connection(&self, name: &str, settings: &[(&str, String)]) -> Result<PgConnection, StoreError> {
        let options = self.connection_options(name, settings);
        match tokio::time::timeout(self.connect_timeout, PgConnection::connect_with(&options)).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(StoreError::Unavailable("no connection could be made in time".to_owned())),
        }
    }
}

/// A connection that was idle for longer than `trusted_idle` is asked whether it still stands before it is used.
fn pool_of(max_connections: u32, trusted_idle: Duration, acquire_timeout: Duration, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= trusted_idle {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}
