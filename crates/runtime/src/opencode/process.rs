//! One OpenCode server: how it is started, whether it lives, how much it takes.

use super::{
    api::Api,
    config,
    door::Door,
    folders::Folders,
    last_words::LastWords,
    models::Models,
    sandbox::{Ground, INFO, INSIDE, Limits, PATH},
};
use crate::AllowedTools;
use data_encoding::HEXLOWER;
use rand::Rng as _;
use std::{
    io,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout},
    sync::oneshot,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// What OpenCode is told besides its configuration: it fetches nothing, and reads nothing of a workspace as configuration.
const SWITCHES: [(&str, &str); 10] = [
    ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
    ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
    ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
    ("OPENCODE_DISABLE_SHARE", "1"),
    ("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1"),
    ("OPENCODE_DISABLE_PROJECT_CONFIG", "1"),
    ("OPENCODE_DISABLE_EXTERNAL_SKILLS", "1"),
    ("OPENCODE_DISABLE_CLAUDE_CODE", "1"),
    ("OPENCODE_DISABLE_EMBEDDED_WEB_UI", "true"),
    // Without it agents can't ask.
    ("OPENCODE_ENABLE_QUESTION_TOOL", "1"),
];

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("its folders can't be made: {0}")]
    Folders(io::Error),
    #[error("it can't be started: {0}")]
    Spawn(io::Error),
    #[error("it ended before it was ready: {0}")]
    Ended(String),
    #[error("it was not ready within {} s", .0.as_secs())]
    Late(Duration),
    #[error("its network can't be reached: {0}")]
    Network(io::Error),
}

/// A running server. It is killed when this is dropped.
pub(super) struct Process {
    pub(super) api: Api,
    pub(super) models: Models,
    pub(super) folders: Folders,
    pub(super) pid: i32,
    pub(super) started: Instant,
    gone: CancellationToken,
    stop: parking_lot::Mutex<Option<oneshot::Sender<()>>>,
    _watch: AbortOnDropHandle<()>,
}

/// What a start needs.
pub(super) struct Start<'a> {
    pub(super) ground: &'a Ground,
    pub(super) program: &'a Path,
    pub(super) folders: Folders,
    pub(super) models: Models,
    pub(super) tools: &'a AllowedTools,
    pub(super) limits: Limits,
    pub(super) patience: Duration,
}

impl Process {
    /// Starts a server and waits until it answers.
    pub(super) async fn start(start: Start<'_>) -> Result<Self, StartError> {
        let Start { ground, program, folders, models, tools, limits, patience } = start;
        let config = config::file(&models.providers(), tools);
        let renewed = folders.clone();
        let made = tokio::task::spawn_blocking(move || renewed.renew(&config)).await;
        made.map_err(io::Error::other).and_then(|made| made).map_err(StartError::Folders)?;
        // In a network of its own nobody else can ask it anything, and a password would only be something that can be found.
        let password = if ground.privileged { String::new() } else { fresh_password() };
        let mut child = spawn(ground, program, &folders, &limits, &password).map_err(StartError::Spawn)?;
        let ready = timeout(patience, ready(ground, &mut child, &models, &password)).await;
        let (api, pid) = match ready {
            Ok(Ok(ready)) => ready,
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(StartError::Late(patience)),
        };
        let (gone, (stop, stopping)) = (CancellationToken::new(), oneshot::channel());
        let watch = AbortOnDropHandle::new(tokio::spawn(watch(child, folders.clone(), stopping, gone.clone())));
        Ok(Self { api, models, folders, pid, started: Instant::now(), gone, stop: Some(stop).into(), _watch: watch })
    }

    /// Ready when the process has ended, however it did.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.gone.is_cancelled()
    }

    /// Kills it and waits. It keeps nothing that could be lost.
    pub(super) async fn stop(&self) {
        let stop = self.stop.lock().take();
        if let Some(stop) = stop {
            let _ = stop.send(());
        }
        self.gone().await;
    }

    /// Resident memory of the server and everything below it.
    pub(super) fn resident(&self) -> u64 {
        let mut waiting = vec![self.pid];
        let mut total = 0;
        while let Some(pid) = waiting.pop() {
            let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
            let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
            total += pages * 4096;
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            waiting.extend(children.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
        total
    }
}

fn spawn(ground: &Ground, program: &Path, folders: &Folders, limits: &Limits, password: &str) -> io::Result<Child> {
    let uid = folders.owner().unwrap_or_default();
    let mut command = ground.as_user(uid, limits);
    command.envs(SWITCHES).env("LANG", "C.UTF-8").env("PATH", PATH).env("TMPDIR", "/tmp");
    for (name, folder) in [
        ("HOME", "home"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
    ] {
        command.env(name, format!("{INSIDE}/{folder}"));
    }
    if !password.is_empty() {
        // In the environment, because everybody may read a command line.
        command.env("OPENCODE_SERVER_PASSWORD", password);
    }
    command.args(["/bin/bash", "-c", INFO, "opencode"]).args(ground.outer()).args(folders.binds(program));
    command.args(["--chdir", &format!("{INSIDE}/home"), "--", &format!("{INSIDE}/bin/opencode")]);
    command.args(["serve", "--pure", "--hostname", "127.0.0.1", "--port", "0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Waits for the line that says where the server listens. Asking earlier may hang for ever.
async fn ready(ground: &Ground, child: &mut Child, models: &Models, password: &str) -> Result<(Api, i32), StartError> {
    let stdout = child.stdout.take().ok_or_else(|| StartError::Spawn(io::ErrorKind::BrokenPipe.into()))?;
    let mut lines = BufReader::new(stdout).lines();
    let stderr = child.stderr.take().ok_or_else(|| StartError::Spawn(io::ErrorKind::BrokenPipe.into()))?;
    // From the start: a process that has much to say before it is ready would wait for us, and we for it.
    let last_words = LastWords::of(stderr);
    let mut inner = None;
    let port = loop {
        let Ok(Some(line)) = lines.next_line().await else { return Err(StartError::Ended(last_words.take().await)) };
        if let Some(pid) = line.trim().strip_prefix("\"child-pid\":") {
            inner = pid.trim().trim_end_matches(',').parse::<i32>().ok();
        }
        if let Some(port) = line.split_once("listening on http://127.0.0.1:").and_then(|(_, port)| port.trim().parse::<u16>().ok()) {
            break port;
        }
    };
    let pid = inner.ok_or_else(|| StartError::Ended("bubblewrap did not say which process it made".to_owned()))?;
    let door = if ground.privileged {
        Door::into_network_of(pid, port, &models.addresses()).await.map_err(StartError::Network)?
    } else {
        Door::shared(port)
    };
    drain(lines);
    let api = Api::new(door, password);
    if api.is_healthy().await { Ok((api, pid)) } else { Err(StartError::Ended("it does not answer".to_owned())) }
}

/// What it prints is read and let go, so that it never waits for us.
fn drain(mut lines: Lines<BufReader<ChildStdout>>) {
    // Ends by itself with the process.
    drop(tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} }));
}

/// Owns the child until it ends.
async fn watch(mut child: Child, folders: Folders, stopping: oneshot::Receiver<()>, gone: CancellationToken) {
    let ended = tokio::select! {
        ended = child.wait() => ended.map_or_else(|error| error.to_string(), |status| status.to_string()),
        _ = stopping => {
            let _ = child.kill().await;
            "stopped".to_owned()
        }
    };
    tracing::debug!(ended, "an OpenCode process ended");
    let cleared = tokio::task::spawn_blocking(move || folders.clear()).await;
    drop(cleared);
    gone.cancel();
}

#[expect(clippy::disallowed_methods, reason = "a password of a process that nothing outlives; nothing is derived from it")]
fn fresh_password() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    HEXLOWER.encode(&bytes)
}
