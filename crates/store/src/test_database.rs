//! Databases for tests: each test gets one of its own, on one server for all.
//!
//! `COWORK_TEST_DATABASE_URL` names an administrator's database of a server that is already there;
//! otherwise the first test of a process starts a private one, which ends with the process.

use crate::{PrivatePostgres, PrivatePostgresOptions, Store, StoreError, StoreOptions};
use cowork_domain::ids::SessionId;
use nix::fcntl::{Flock, FlockArg};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{process, sync::atomic::AtomicU64, sync::atomic::Ordering, time::SystemTime};
use tokio::sync::OnceCell;

const PREFIX: &str = "cowork-test-";

/// A server that was there, or our own with its folder.
enum Server {
    Given(String),
    Own { server: PrivatePostgres, _folder: tempfile::TempDir },
}

static SERVER: OnceCell<Server> = OnceCell::const_new();
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A fresh, empty database. Dropping it removes it as far as that is possible; what a killed test
/// leaves behind goes with its server.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    admin: PgConnectOptions,
}

/// What [`TestDatabase::hold`] holds.
#[derive(Debug)]
pub struct HeldSession {
    _transaction: PgConnection,
}

impl TestDatabase {
    /// Makes an empty database.
    ///
    /// # Panics
    /// When no server can be had: a test can't go on without one.
    pub async fn create() -> Self {
        let server = SERVER.get_or_init(Server::find).await;
        let admin_url = match server {
            Server::Given(url) => url.as_str(),
            Server::Own { server, .. } => server.url(),
        };
        let admin: PgConnectOptions = admin_url.parse().expect("the test server's url can be read");
        let admin = admin.disable_statement_logging();
        let since = SystemTime::UNIX_EPOCH.elapsed().expect("the clock is past 1970");
        let name = format!("test_{}_{}_{}", process::id(), since.as_micros(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect_with(&admin).await.expect("the test server answers");
        // From the empty template: `template1` can't be copied while somebody looks at it.
        let statement = AssertSqlSafe(format!("create database {name} template template0 encoding 'UTF8'"));
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the test server lets us make databases");
        connection.close().await.ok();
        let url = with_database(admin_url, &name);
        Self { url, name, admin }
    }

    /// Makes a database with the current schema, and connects to it.
    ///
    /// # Panics
    /// When no server can be had.
    pub async fn migrated() -> (Self, Store) {
        let database = Self::create().await;
        let store = database.store().await.expect("the test server can be used");
        store.migrate().await.expect("the migrations apply to an empty database");
        (database, store)
    }

    /// Connects with the default options.
    ///
    /// # Errors
    /// As [`Store::connect`].
    pub async fn store(&self) -> Result<Store, StoreError> {
        Store::connect(StoreOptions::new(&self.url)).await
    }

    /// Changes something behind everybody's back.
    ///
    /// # Panics
    /// When the statement is wrong.
    pub async fn execute(&self, statement: &str) {
        self.connection_after(statement).await.close().await.ok();
    }

    /// Keeps whoever writes about a session waiting until the answer is dropped.
    ///
    /// # Panics
    /// When the server doesn't answer.
    pub async fn hold(&self, session: SessionId) -> HeldSession {
        let statement = format!("begin; select from sessions where session = '{}' for update", session.as_uuid());
        HeldSession { _transaction: self.connection_after(&statement).await }
    }

    /// Returns when somebody waits for a lock.
    ///
    /// # Panics
    /// When the server doesn't answer.
    pub async fn until_somebody_waits(&self) {
        self.execute(
            "do $$ begin
                 while not exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') loop
                     perform pg_sleep(0.01), pg_stat_clear_snapshot();
                 end loop;
             end $$",
        )
        .await;
    }

    async fn connection_after(&self, statement: &str) -> PgConnection {
        let options: PgConnectOptions = self.url.parse().expect("its url can be read");
        let mut connection = PgConnection::connect_with(&options.disable_statement_logging()).await.expect("the test server answers");
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("the statement is right");
        connection
    }

    /// The URL of this database.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = AssertSqlSafe(format!("drop database if exists {} with (force)", self.name));
        let admin = self.admin.clone();
        // A thread of its own, because a test's runtime ends with the test.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&admin).await?;
                sqlx::raw_sql(statement).execute(&mut connection).await?;
                connection.close().await
            })
        });
        dropping.join().ok();
    }
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "only for tests, which have no configuration")]
    async fn find() -> Self {
        if let Some(url) = std::env::var_os("COWORK_TEST_DATABASE_URL").and_then(|url| url.into_string().ok()).filter(|url| !url.is_empty())
        {
            return Self::Given(url);
        }
        sweep();
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir().expect("there is a folder for temporary files");
        // The server may run as somebody else, who must get through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(folder.path(), open).expect("our own folder can be changed");
        let options = PrivatePostgresOptions { data_dir: folder.path().join("postgres"), pg_bin: None };
        let server = PrivatePostgres::start_disposable(options).await.expect("a private server for tests starts");
        Self::Own { server, _folder: folder }
    }
}

/// Removes the folders of earlier processes: a server that lives as long as its process can't do it itself.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        // Without a lock file it may be about to be made.
        let Ok(file) = std::fs::File::open(entry.path().join("postgres").join("lock")) else { continue };
        if let Ok(_lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// The same server, another database: replaces the path of the URL.
fn with_database(url: &str, database: &str) -> String {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let (before_query, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let authority_end = before_query[after_scheme..].find('/').map_or(before_query.len(), |at| after_scheme + at);
    format!("{}/{database}{query}", &before_query[..authority_end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_of_a_url_is_replaced() {
        assert_eq!(with_database("postgres://a@h:1/admin?host=/x/y", "t"), "postgres://a@h:1/t?host=/x/y");
        assert_eq!(with_database("postgres://h", "t"), "postgres://h/t");
    }
}
