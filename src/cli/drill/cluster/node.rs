//! One node of the drilled cluster: a `cowork serve` of our own executable, always under the same addresses.

use super::process::{Launch, Process, killed_by};
use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

/// A debug build on a busy machine takes its time.
const START_PATIENCE: Duration = Duration::from_secs(60);
const KILL_PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(2);

/// What a node is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    /// Owns sessions and runs turns.
    Worker,
    /// Serves the clients, and the operator.
    Web,
}

impl Part {
    pub(super) const fn role(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Web => "web",
        }
    }
}

/// A node and its process, which is `None` between its lives.
#[derive(Debug)]
pub(in super::super) struct Node {
    pub(super) name: String,
    pub(super) part: Part,
    /// Where it serves HTTP.
    pub(super) url: String,
    pub(super) launch: Launch,
    pub(super) process: Option<Process>,
}

impl Node {
    /// Starts it and waits until it serves.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        let (process, url) = Process::start(&self.launch, START_PATIENCE).await.with_context(|| format!("node {}", self.name))?;
        ensure!(url.trim_end_matches('/') == self.url, "node {} serves {url} instead of {}", self.name, self.url);
        self.process = Some(process);
        Ok(())
    }

    /// Kills it as the kernel would, and makes sure that this is how it ended.
    pub(super) async fn kill(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().with_context(|| format!("node {} doesn't run", self.name))?;
        process.signal(Signal::SIGKILL);
        match process.end(KILL_PATIENCE).await {
            Some(status) if killed_by(status) == Some(Signal::SIGKILL as i32) => Ok(()),
            Some(status) => bail!("node {} ended by itself before it was killed ({status})", self.name),
            None => bail!("node {} can't be killed", self.name),
        }
    }

    /// Freezes it; returns once the kernel says so.
    pub(super) async fn freeze(&self) -> anyhow::Result<()> {
        self.process()?.signal(Signal::SIGSTOP);
        self.until_state("frozen", |state| state == 'T').await
    }

    /// Lets it go on.
    pub(super) async fn thaw(&self) -> anyhow::Result<()> {
        self.process()?.signal(Signal::SIGCONT);
        self.until_state("thawed", |state| state != 'T').await
    }

    /// Asks it to stop and waits for that.
    pub(super) async fn terminate(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        let mut process = self.process.take().with_context(|| format!("node {} doesn't run", self.name))?;
        process.signal(Signal::SIGTERM);
        process.end(patience).await.with_context(|| format!("node {} doesn't stop within {patience:?}", self.name))
    }

    /// Whether it ended although nobody asked it to.
    pub(super) async fn has_ended(&mut self) -> bool {
        match &mut self.process {
            Some(process) => process.end(Duration::ZERO).await.is_some(),
            None => false,
        }
    }

    pub(super) fn process(&self) -> anyhow::Result<&Process> {
        self.process.as_ref().with_context(|| format!("node {} doesn't run", self.name))
    }

    async fn until_state(&self, what: &str, wanted: impl Fn(char) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + KILL_PATIENCE;
        while !self.process()?.state().is_some_and(&wanted) {
            ensure!(Instant::now() < deadline, "node {} can't be {what}", self.name);
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }
}
