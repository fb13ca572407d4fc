//! A child process that can't outlive us.

use anyhow::{Context, anyhow};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

/// What is announced on standard output by a server that serves.
const READY: &str = "ready ";

/// A running child. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// How it ended, once it has and was waited for.
    ended: watch::Receiver<Option<ExitStatus>>,
}

/// A program and how to run it.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// All of its environment.
    pub(super) environment: Vec<(String, String)>,
    /// Its standard error is appended here.
    pub(super) log: PathBuf,
    /// Ends the child when we are killed, where it can be had.
    pub(super) setpriv: Option<PathBuf>,
}

impl Process {
    /// Starts it and waits until it says that it is ready; returns what it said.
    ///
    /// The signal that ends a child when we are killed comes when the *thread* that spawned it ends. So
    /// that thread is one of its own, and waits for the child.
    pub(super) async fn start(launch: &Launch, patience: Duration) -> anyhow::Result<(Self, String)> {
        let mut command = launch.command()?;
        let (spawned, is_spawned) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let run = move || match command.spawn() {
            Ok(mut child) => {
                spawned.send(Ok(child.id())).ok();
                read_stdout(&mut child, ready);
                if let Ok(status) = child.wait() {
                    end.send_replace(Some(status));
                }
            }
            Err(error) => {
                spawned.send(Err(error)).ok();
            }
        };
        thread::Builder::new().name("drill-child".to_owned()).spawn(run).context("no thread for a child process")?;
        let pid = is_spawned.await.context("the child was never started")?;
        let pid = pid.with_context(|| format!("{} cannot be run", launch.program.display()))?;
        let process = Self { pid: Pid::from_raw(i32::try_from(pid).context("a process number fits")?), ended };
        match timeout(patience, is_ready).await {
            Ok(Ok(said)) => Ok((process, said)),
            Ok(Err(_)) => Err(anyhow!("it ended instead of serving; it said last: {}", last_line(&launch.log))),
            Err(_) => Err(anyhow!("it doesn't serve within {patience:?}; it said last: {}", last_line(&launch.log))),
        }
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Sends a signal unless it has ended: the number may be somebody else's by then.
    pub(super) fn signal(&self, signal: Signal) {
        if self.ended.borrow().is_none() {
            kill(self.pid, signal).ok();
        }
    }

    /// How it ended, if it does within this time.
    pub(super) async fn end(&mut self, patience: Duration) -> Option<ExitStatus> {
        timeout(patience, self.ended.wait_for(Option::is_some)).await.ok()?.ok().and_then(|status| *status)
    }

    /// The state that the kernel reports: `T` is stopped.
    pub(super) fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

impl Launch {
    fn command(&self) -> anyhow::Result<Command> {
        let mut command = match &self.setpriv {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("{} cannot be written", self.log.display()))?;
        command.args(&self.arguments).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        // The terminal's Ctrl-C is for us: we end the children when we are done with them.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
        Ok(command)
    }
}

/// Reads to the end, so that the child never waits for us, and passes on the line that says it is ready.
fn read_stdout(child: &mut Child, ready: oneshot::Sender<String>) {
    let Some(stdout) = child.stdout.take() else { return };
    let mut ready = Some(ready);
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if let Some(said) = line.strip_prefix(READY)
            && let Some(ready) = ready.take()
        {
            ready.send(said.to_owned()).ok();
        }
    }
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().last().unwrap_or("nothing").to_owned()
}

/// Whether a signal ended it, and which.
pub(super) fn killed_by(status: ExitStatus) -> Option<i32> {
    status.signal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(script: &str, log: PathBuf) -> Launch {
        let arguments = ["-c".to_owned(), script.to_owned()].into();
        Launch { program: "/bin/sh".into(), arguments, environment: Vec::new(), log, setpriv: None }
    }

    #[tokio::test]
    async fn a_child_is_awaited_stopped_and_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let patience = Duration::from_secs(20);
        let child = launch("echo one; echo ready http://x; while :; do read line < /dev/null; sleep 1; done", folder.path().join("log"));
        let (mut process, said) = Process::start(&child, patience).await.expect("started");
        assert_eq!(said, "http://x");
        process.signal(Signal::SIGSTOP);
        let stopped = async {
            while process.state() != Some('T') {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(patience, stopped).await.expect("it stops");
        process.signal(Signal::SIGKILL);
        assert_eq!(process.end(patience).await.and_then(killed_by), Some(9));
        process.signal(Signal::SIGKILL); // goes to nobody
    }

    #[tokio::test]
    async fn a_child_that_ends_early_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let child = launch("echo first >&2; echo no such thing >&2; exit 3", folder.path().join("log"));
        let error = Process::start(&child, Duration::from_secs(20)).await.expect_err("never ready");
        assert!(error.to_string().contains("no such thing"), "{error}");
    }
}
