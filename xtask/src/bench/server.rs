//! The servers that are measured.

use super::process::Usage;
use crate::postgres::Postgres;
use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A first start makes a database cluster, which takes its time on a slow disk.
const START: Duration = Duration::from_mins(2);

/// What a stopping server may take before it is killed.
const STOP: Duration = Duration::from_mins(1);

/// Until shards have moved to nodes that have just joined.
const SETTLE: Duration = Duration::from_secs(5);

/// Starts servers which the load generator may use as many users.
#[derive(Debug)]
pub(super) struct Launcher {
    cowork: PathBuf,
    secret: String,
    started: Cell<u32>,
}

/// A running server with its scratch data.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    address: SocketAddr,
    url: String,
    data: PathBuf,
}

/// Nodes, and the database that they share: it ends last.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) nodes: Vec<Server>,
    database: Postgres,
}

impl Launcher {
    pub(super) fn new(cowork: PathBuf) -> anyhow::Result<Self> {
        Ok(Self { cowork, secret: random_hex()?, started: Cell::default() })
    }

    pub(super) fn cowork(&self) -> &Path {
        &self.cowork
    }

    /// What the generator signs its users' headers with.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Starts a server with raised limits, header authentication and these further settings, and waits until it is ready.
    pub(super) fn start(&self, settings: &[(&str, &str)]) -> anyhow::Result<Server> {
        let data = self.fresh_folder();
        let address = free_address()?;
        let process = Command::new(&self.cowork)
            .args(["serve", "--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(&data)
            .env("OPEN_COWORK_CLOUD_AUTH_MODE", "header")
            .env("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", &self.secret)
            .env("OPEN_COWORK_CLOUD_MAX_SSE_CONNECTIONS_PER_ORG", "100000")
            .env("OPEN_COWORK_CLOUD_MAX_CONNECTIONS", "20000")
            .env("OPEN_COWORK_CLOUD_LOG_LEVEL", "warn")
            .envs(settings.iter().copied())
            .spawn()
            .with_context(|| format!("{} cannot be started", self.cowork.display()))?;
        let mut server = Server { process, address, url: format!("http://{address}"), data };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Starts nodes of these roles, one after the other, and lets them share the sessions out.
    pub(super) fn start_cluster(&self, roles: &[&str]) -> anyhow::Result<Cluster> {
        let secret = random_hex()?;
        let database = Postgres::start_durable(&self.cowork, self.fresh_folder())?;
        let mut cluster = Cluster { nodes: Vec::new(), database };
        for (number, role) in (1..).zip(roles) {
            cluster.nodes.push(self.start(&[
                ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", cluster.database.url()),
                ("OPEN_COWORK_CLOUD_CLUSTER_SECRET", &secret),
                ("OPEN_COWORK_CLOUD_NODE_ID", &format!("n{number}")),
                ("OPEN_COWORK_CLOUD_NODE_ADDRESS", &free_address()?.to_string()),
                ("OPEN_COWORK_CLOUD_ROLE", role),
            ])?);
        }
        sleep(SETTLE);
        Ok(cluster)
    }

    /// Not made here: who uses it makes it, so that a private PostgreSQL may reach it whoever we are.
    fn fresh_folder(&self) -> PathBuf {
        let number = self.started.replace(self.started.get() + 1);
        std::env::temp_dir().join(format!("cowork-bench-{}-{number}", std::process::id()))
    }
}

impl Server {
    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        while !answers(self.address) {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended before it was ready ({status})");
            }
            ensure!(Instant::now() < deadline, "the server is not ready after {} s", START.as_secs());
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data
    }

    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid())
    }

    /// Asks it to stop and waits for it.
    pub(super) fn stop(&mut self) -> anyhow::Result<()> {
        if self.process.try_wait()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(i32::try_from(self.pid()).context("a process id fits")?), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP;
        while self.process.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.process.kill()?;
                self.process.wait()?;
                bail!("the server did not stop within {} s and was killed", STOP.as_secs());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("{error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.data) {
            eprintln!("{} cannot be removed: {error}", self.data.display());
        }
    }
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("four bits make one digit");
    Ok(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}
