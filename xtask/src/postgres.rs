//! A private PostgreSQL for one run.
//!
//! `cowork private-postgres` runs it, and stops and removes it as soon as its standard input ends. We hold the other end of that
//! pipe, so the server goes away however we end: normally, by an error, by Ctrl-C, or killed.

use crate::steps::{apt_install, succeeds};
use anyhow::{Context, bail};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running server.
#[derive(Debug)]
pub(crate) struct Postgres {
    url: String,
    process: Child,
    /// The server's sign of life from us.
    leash: Option<ChildStdin>,
    /// What to remove when it has ended, if it doesn't do so by itself.
    folder: Option<PathBuf>,
}

impl Postgres {
    /// Starts a server in a new folder, with the program that was just built. Nothing is forced to the disk.
    pub(crate) fn start(cowork: &Path) -> anyhow::Result<Self> {
        Self::run(Command::new(cowork).args(["private-postgres", "--temporary"]), None)
    }

    /// Starts a server that keeps its promises, in this folder, which goes when it ends.
    pub(crate) fn start_durable(cowork: &Path, folder: PathBuf) -> anyhow::Result<Self> {
        Self::run(Command::new(cowork).args(["private-postgres", "--folder"]).arg(&folder), Some(folder))
    }

    fn run(command: &mut Command, folder: Option<PathBuf>) -> anyhow::Result<Self> {
        ensure_programs()?;
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        let leash = process.stdin.take();
        let answer = process.stdout.take().expect("standard output is piped");
        let mut url = String::new();
        BufReader::new(answer.take(4096)).read_line(&mut url)?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            let status = process.wait()?;
            bail!("the private PostgreSQL did not start ({status})");
        }
        Ok(Self { url, process, leash, folder })
    }

    /// Address of its administrator.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.leash.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the private PostgreSQL cannot be waited for: {error}");
        }
        if let Some(folder) = &self.folder
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            eprintln!("{} cannot be removed: {error}", folder.display());
        }
    }
}

/// Finds the server's programs, or installs them where that needs no question: as root on Debian.
fn ensure_programs() -> anyhow::Result<()> {
    if are_installed() {
        return Ok(());
    }
    let can_install = nix::unistd::geteuid().is_root() && succeeds(Command::new("apt-get").arg("--version"));
    if !can_install {
        bail!(
            "PostgreSQL 15 or newer is needed for the tests: run `sudo apt-get install postgresql`, or name the directory of its programs in PG_BIN"
        );
    }
    apt_install("postgresql")?;
    if !are_installed() {
        bail!("PostgreSQL was installed, but its programs are not where Debian puts them: name their directory in PG_BIN");
    }
    Ok(())
}

fn are_installed() -> bool {
    let configured = variable("PG_BIN").map(PathBuf::from).into_iter();
    let path = variable("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    configured.chain(std::env::split_paths(&path)).chain(debian).any(|directory| directory.join("initdb").is_file())
}

#[expect(clippy::disallowed_methods, reason = "xtask is a program of its own and is told by the environment where PostgreSQL is")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
