//! A PostgreSQL of our own, for those who don't bring one (architecture §10).
//!
//! It lives in a folder that nobody else gets to, listens on a Unix socket only, runs as an
//! unprivileged user, and ends with us. What an earlier run left behind, however it ended, is
//! cleared before a new server starts; two processes never share a folder.

mod account;
mod binaries;
mod download;
mod environment;
mod error;
mod folder;
mod process;
mod survivor;

pub use error::PrivatePostgresError;

use account::Account;
use binaries::{Binaries, Data};
use folder::Folder;
use nix::sys::signal::Signal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use process::Process;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{path::Path, path::PathBuf, time::Duration};
use tokio::time::{Instant, sleep, timeout};

/// Recovery after a crash replays at most `max_wal_size` of log.
const START_PATIENCE: Duration = Duration::from_secs(180);
const START_PAUSE: Duration = Duration::from_millis(15);
/// A fast shutdown writes what is in memory; beyond this it is cut short and recovered at the next start.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Where the server lives.
#[derive(Debug, Clone)]
pub struct PrivatePostgresOptions {
    /// Its folder. The last part is made at the first start; its parent must exist.
    pub data_dir: PathBuf,
    /// The folder that has `postgres` and `initdb`. Otherwise they are looked for in `PG_BIN`, `PATH`
    /// and the distribution's folders, and downloaded at last.
    pub pg_bin: Option<PathBuf>,
}

/// Programs of a server that this machine has.
#[derive(Debug)]
pub struct InstalledPostgres {
    /// The folder that has `postgres` and `initdb`.
    pub folder: PathBuf,
    /// Major version.
    pub version: u32,
}

/// A running server. When it is dropped the server is told to end; [`PrivatePostgres::stop`] also waits for that.
#[derive(Debug)]
pub struct PrivatePostgres {
    process: Process,
    url: String,
    account: Account,
    binaries: Binaries,
    folder: Folder,
    durability: Durability,
}

/// What committed data survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// The loss of power.
    Full,
    /// The death of every process.
    ProcessesOnly,
}

impl PrivatePostgres {
    /// Starts the server, and makes its data at the first start. Returns when it takes connections.
    ///
    /// # Errors
    /// See [`PrivatePostgresError`]; each says what to do.
    pub async fn start(options: PrivatePostgresOptions) -> Result<Self, PrivatePostgresError> {
        Self::launch(options, Durability::Full).await
    }

    /// As [`PrivatePostgres::start`], for data that nobody will miss: it survives the death of every process, but not
    /// the machine's. A slow or busy disk delays no commit.
    ///
    /// # Errors
    /// As [`PrivatePostgres::start`].
    pub async fn start_disposable(options: PrivatePostgresOptions) -> Result<Self, PrivatePostgresError> {
        Self::launch(options, Durability::ProcessesOnly).await
    }

    async fn launch(options: PrivatePostgresOptions, durability: Durability) -> Result<Self, PrivatePostgresError> {
        let prepare = move || -> Result<_, PrivatePostgresError> {
            let account = Account::choose()?;
            let folder = Folder::open(&options.data_dir, &account)?;
            let cluster = folder.cluster();
            let data = folder.version()?.map(|version| Data { folder: &cluster, version });
            let binaries = Binaries::find(options.pg_bin.as_deref(), data)?;
            if data.is_none() {
                folder.make_cluster(&account, &binaries)?;
            }
            survivor::end(&cluster)?;
            Ok((account, folder, binaries))
        };
        let (account, folder, binaries) = blocking(prepare).await?;
        let process = Process::spawn(&account, &binaries, &folder, durability).await?;
        let url = url_of(&folder.socket, "cowork");
        let mut server = Self { process, url, account, binaries, folder, durability };
        server.ready().await?;
        Ok(server)
    }

    /// The programs that [`PrivatePostgres::start`] would use, without starting or making anything; `None` if it would have to
    /// download them.
    ///
    /// # Errors
    /// What stands in the way of a start, as far as that can be seen beforehand.
    pub async fn inspect(options: PrivatePostgresOptions) -> Result<Option<InstalledPostgres>, PrivatePostgresError> {
        let look = move || {
            let version = Folder::inspect(&options.data_dir, &Account::choose()?)?;
            let cluster = folder::cluster_of(&options.data_dir);
            Binaries::installed(options.pg_bin.as_deref(), version.map(|version| Data { folder: &cluster, version }))
        };
        Ok(blocking(look).await?.map(|Binaries { folder, version }| InstalledPostgres { folder, version }))
    }

    /// The URL of the database that another process may be running on this data folder. It can have ended without a word: then
    /// nobody answers there.
    pub fn url_beside(data_dir: &Path) -> Option<String> {
        // Its fifth line is the folder of the socket (PostgreSQL, pidfile.h).
        let notes = std::fs::read_to_string(folder::cluster_of(data_dir).join("postmaster.pid")).ok()?;
        let socket = notes.lines().nth(4).filter(|socket| !socket.is_empty())?;
        Some(url_of(Path::new(socket), "cowork"))
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Returns when the server has ended, and says how. It doesn't end by itself unless it was told to or crashed.
    pub async fn exited(&mut self) -> String {
        self.process.end().await
    }

    /// Starts the server again, whether it ended or still runs. The URL stays the same.
    ///
    /// # Errors
    /// As [`PrivatePostgres::start`].
    pub async fn restart(&mut self) -> Result<(), PrivatePostgresError> {
        end(&mut self.process).await;
        let cluster = self.folder.cluster();
        blocking(move || survivor::end(&cluster)).await?;
        self.process = Process::spawn(&self.account, &self.binaries, &self.folder, self.durability).await?;
        self.ready().await
    }

    /// Stops the server and waits until it has ended: connections are cut, data is written.
    pub async fn stop(mut self) {
        end(&mut self.process).await;
    }

    /// Waits until the server takes connections, and makes the database if it isn't there.
    async fn ready(&mut self) -> Result<(), PrivatePostgresError> {
        let deadline = Instant::now() + START_PATIENCE;
        let log = self.folder.log();
        let mut seen = "it did not answer in time".to_owned();
        while Instant::now() < deadline {
            if let Some(how) = self.process.has_ended() {
                return Err(PrivatePostgresError::Start { reason: format!("it ended ({how}); {}", last_line(&log)), log });
            }
            match make_database(&self.folder.socket).await {
                Ok(()) => return Ok(()),
                Err(error) => seen = error.to_string(),
            }
            sleep(START_PAUSE).await;
        }
        Err(PrivatePostgresError::Start { reason: seen, log })
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.process.signal(Signal::SIGINT);
    }
}

async fn end(process: &mut Process) {
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGKILL] {
        process.signal(signal);
        if timeout(STOP_PATIENCE, process.end()).await.is_ok() {
            return;
        }
    }
}

async fn make_database(socket: &Path) -> Result<(), sqlx::Error> {
    let options: PgConnectOptions = url_of(socket, "postgres").parse()?;
    let mut connection = PgConnection::connect_with(&options.disable_statement_logging()).await?;
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = 'cowork')").fetch_one(&mut connection).await?;
    if !exists {
        sqlx::raw_sql("create database cowork").execute(&mut connection).await?;
    }
    connection.close().await
}

fn url_of(socket: &Path, database: &str) -> String {
    const NOT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');
    let socket = percent_encode(socket.as_os_str().as_encoded_bytes(), NOT_IN_PATH);
    format!("postgres://cowork@localhost:5432/{database}?host={socket}")
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().last().unwrap_or("it left no message").to_owned()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PrivatePostgresError> + Send + 'static,
) -> Result<T, PrivatePostgresError> {
    tokio::task::spawn_blocking(work).await.expect("the work on folders and processes does not panic")
}
