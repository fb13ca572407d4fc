//! Commands run in bubblewrap or not at all: the workspace is all they can write, the system is
//! read-only, there is no network, and nothing of the server's environment, files or processes is visible.

use super::input::shorten;
use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    sync::OnceCell,
    time::timeout,
};

/// Where the workspace is for the command.
const WORKSPACE: &str = "/workspace";
/// The parts of the system that a shell and its tools need. `/etc`, `/home` and `/var` are not among them: they may hold secrets.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives"];
/// Bounds that the shell sets for itself and its children: address space and file size in KiB, and no core dumps.
const SHELL: &str = "ulimit -v 4194304; ulimit -f 1048576; ulimit -c 0; exec /bin/sh -c \"$1\" 2>&1";

/// Whether there is a sandbox; looked for once, when it is first needed.
#[derive(Default)]
pub(in crate::native) struct Sandbox(OnceCell<Option<Bubblewrap>>);

impl Sandbox {
    pub(in crate::native) async fn is_there(&self) -> bool {
        self.find().await.is_some()
    }

    pub(super) async fn find(&self) -> Option<&Bubblewrap> {
        self.0.get_or_init(Bubblewrap::find).await.as_ref()
    }
}

/// A bubblewrap that works here.
pub(super) struct Bubblewrap {
    program: PathBuf,
}

/// A command that ended.
pub(super) struct Finished {
    pub(super) success: bool,
    /// What it printed, and how it ended if that was not well.
    pub(super) output: String,
}

/// Why a command did not run to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("the sandbox could not be started: {0}")]
    Start(io::Error),
    #[error("the command took longer than {} s and was stopped", .0.as_secs_f32())]
    TooSlow(Duration),
}

impl Bubblewrap {
    /// Finds it and tries it: where user namespaces are switched off it is there but doesn't work.
    async fn find() -> Option<Self> {
        let candidates = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];
        for program in candidates.into_iter().map(PathBuf::from).filter(|program| program.is_file()) {
            let found = Self { program };
            let tried = found.run(&std::env::temp_dir(), "true", Duration::from_secs(5), 1024).await;
            if tried.is_ok_and(|finished| finished.success) {
                return Some(found);
            }
        }
        None
    }

    /// Runs a command. It is killed, with all its children, when this future is dropped.
    pub(super) async fn run(&self, workspace: &Path, command: &str, limit: Duration, max_output: usize) -> Result<Finished, CommandError> {
        let mut child = self.command(workspace, command).spawn().map_err(CommandError::Start)?;
        let stdout = child.stdout.take().ok_or_else(|| CommandError::Start(io::ErrorKind::BrokenPipe.into()))?;
        let ended = timeout(limit, async {
            let output = read_some(stdout, max_output).await?;
            Ok::<_, io::Error>((output, child.wait().await?))
        });
        match ended.await {
            Ok(Ok((output, status))) => Ok(Finished::new(&output, status, max_output)),
            Ok(Err(error)) => Err(CommandError::Start(error)),
            Err(_) => Err(CommandError::TooSlow(limit)),
        }
    }

    fn command(&self, workspace: &Path, command: &str) -> Command {
        let mut sandboxed = Command::new(&self.program);
        // `--die-with-parent` and the process namespace together end every child when bubblewrap is killed.
        sandboxed.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--proc", "/proc", "--dev", "/dev"]);
        sandboxed.args(["--tmpfs", "/tmp", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", WORKSPACE]);
        for folder in SYSTEM {
            sandboxed.args(["--ro-bind-try", folder, folder]);
        }
        sandboxed.arg("--bind").arg(workspace).args([WORKSPACE, "--chdir", WORKSPACE]);
        sandboxed.args(["--", "/bin/sh", "-c", SHELL, "sh", command]);
        sandboxed.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        sandboxed
    }
}

impl Finished {
    fn new(output: &[u8], status: ExitStatus, max_output: usize) -> Self {
        let mut output = shorten(String::from_utf8_lossy(output).into_owned(), max_output);
        if !status.success() {
            let how = status.code().map_or_else(|| "[the command was killed]".to_owned(), |code| format!("[exit status {code}]"));
            if !output.is_empty() && !output.ends_with('\n') {
                output.push('\n');
            }
            output.push_str(&how);
        }
        Self { success: status.success(), output }
    }
}

/// Keeps the first bytes and lets the rest go, so that a talkative command neither fills memory nor blocks.
async fn read_some(mut from: impl AsyncRead + Unpin, limit: usize) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    (&mut from).take(limit as u64 + 1).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(kept)
}
