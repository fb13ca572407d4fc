//! The server's process.

use super::{Durability, PrivatePostgresError, account::Account, binaries::Binaries, folder::Folder};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{process::Stdio, thread};
use tokio::sync::{oneshot, watch};

/// What the server is told at every start, so that a newer version of us can change it.
///
/// Its log must not hold what people wrote: no statement parameters, and no details that quote rows.
const SETTINGS: [&str; 11] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "port=5432",
    "shared_buffers=128MB",
    "max_connections=100",
    "max_wal_size=4GB",
    "huge_pages=off",
    "logging_collector=off",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
];

/// What else one is told whose data nobody will miss.
const DISPOSABLE_SETTINGS: [&str; 2] = ["fsync=off", "full_page_writes=off"];

/// A server that was spawned.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// How it ended, once it has.
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// Spawns the server.
    ///
    /// The signal that ends the server when we are killed comes when the *thread* that spawned it
    /// ends. So that thread is one of its own, and waits for the server.
    pub(super) async fn spawn(
        account: &Account,
        binaries: &Binaries,
        folder: &Folder,
        durability: Durability,
    ) -> Result<Self, PrivatePostgresError> {
        let program = binaries.postgres();
        let mut command = account.command(&program);
        command.arg("-D").arg(folder.cluster());
        let mut socket = std::ffi::OsString::from("unix_socket_directories=");
        socket.push(&folder.socket);
        command.arg("-c").arg(socket);
        let disposable: &[&str] = if durability == Durability::Full { &[] } else { &DISPOSABLE_SETTINGS };
        for setting in SETTINGS.iter().chain(disposable) {
            command.args(["-c", setting]);
        }
        let log = folder.open_log()?;
        command.stdin(Stdio::null()).stderr(log.try_clone().map_err(PrivatePostgresError::io("open", &folder.log()))?).stdout(log);

        let (spawned, is_spawned) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let run = move || match command.spawn() {
            Ok(mut child) => {
                spawned.send(Ok(child.id())).ok();
                let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                end.send_replace(Some(how));
            }
            Err(error) => {
                spawned.send(Err(error)).ok();
            }
        };
        thread::Builder::new()
            .name("private-postgres".to_owned())
            .spawn(run)
            .map_err(PrivatePostgresError::io("start a thread for", &program))?;
        let pid = is_spawned.await.expect("the thread answers before it ends").map_err(PrivatePostgresError::io("run", &program))?;
        let pid = Pid::from_raw(i32::try_from(pid).expect("process numbers are positive and below 2^22"));
        Ok(Self { pid, ended })
    }

    /// Its number.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// How it ended, if it has.
    pub(super) fn has_ended(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Waits until it ends, and says how.
    pub(super) async fn end(&mut self) -> String {
        let ended = self.ended.wait_for(Option::is_some).await;
        ended.ok().and_then(|how| how.clone()).unwrap_or_else(|| "unknown".to_owned())
    }

    /// Asks it to end.
    pub(super) fn signal(&self, signal: Signal) {
        // A number may belong to somebody else once its process was waited for.
        if self.has_ended().is_none() {
            kill(self.pid, signal).ok();
        }
    }
}
