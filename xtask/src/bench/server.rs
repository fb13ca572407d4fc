//! The server that is measured.

use super::process::Usage;
use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A first start makes a database cluster, which takes its time on a slow disk.
const START: Duration = Duration::from_mins(2);

/// What a stopping server may take before it is killed.
const STOP: Duration = Duration::from_mins(1);

/// A running server with its scratch data.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    address: SocketAddr,
    url: String,
    secret: String,
    data: PathBuf,
}

impl Server {
    /// Starts it with raised limits, header authentication and these further settings, and waits until it answers.
    pub(super) fn start(cowork: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        // Not made here: the server makes it, so that its private PostgreSQL may reach it whoever we are.
        let data = std::env::temp_dir().join(format!("cowork-bench-{}", std::process::id()));
        let secret = random_hex()?;
        let address = free_address()?;
        let process = Command::new(cowork)
            .args(["serve", "--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(&data)
            .env("OPEN_COWORK_CLOUD_AUTH_MODE", "header")
            .env("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", &secret)
            .env("OPEN_COWORK_CLOUD_MAX_SSE_CONNECTIONS_PER_ORG", "100000")
            .env("OPEN_COWORK_CLOUD_MAX_CONNECTIONS", "20000")
            .env("OPEN_COWORK_CLOUD_LOG_LEVEL", "warn")
            .envs(settings.iter().copied())
            .spawn()
            .with_context(|| format!("{} cannot be started", cowork.display()))?;
        let mut server = Self { process, address, url: format!("http://{address}"), secret, data };
        server.wait_until_alive()?;
        Ok(server)
    }

    fn wait_until_alive(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        while !answers(self.address) {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended before it was ready ({status})");
            }
            ensure!(Instant::now() < deadline, "the server is not ready after {} s", START.as_secs());
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
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
            std::thread::sleep(Duration::from_millis(50));
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
        stream.write_all(format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
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
