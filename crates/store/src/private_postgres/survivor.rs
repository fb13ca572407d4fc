//! What an earlier run left behind: a postmaster whose parent was killed, or backends without one.

use super::PrivatePostgresError;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    io::ErrorKind,
    path::Path,
    thread,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(20);
/// How long each kind of shutdown may take before the next, harder one.
const SIGNALS: [(Option<Signal>, Duration); 4] = [
    // Backends without a postmaster leave by themselves.
    (None, Duration::from_millis(500)),
    (Some(Signal::SIGINT), Duration::from_secs(15)),
    (Some(Signal::SIGQUIT), Duration::from_secs(5)),
    (Some(Signal::SIGKILL), Duration::from_secs(5)),
];

/// Ends all processes that work in the cluster's folder and removes the note of their postmaster.
/// Call it only with the folder's lock held. Blocks.
///
/// A server that starts beside the backends of a dead one would ruin the data, so it is they that are
/// looked for, not the process that a stale note names: its number may be somebody else's by now.
pub(super) fn end(cluster: &Path) -> Result<(), PrivatePostgresError> {
    for (signal, patience) in SIGNALS {
        let deadline = Instant::now() + patience;
        let mut is_told = false;
        loop {
            let pids = working_in(cluster);
            if pids.is_empty() {
                let note = cluster.join("postmaster.pid");
                return match fs::remove_file(&note) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(PrivatePostgresError::io("remove", &note)(error)),
                    _ => Ok(()),
                };
            }
            if let (Some(signal), false) = (signal, is_told) {
                tracing::warn!(?pids, %signal, "ending a private PostgreSQL of an earlier run");
                for pid in pids {
                    // It may have ended in between.
                    kill(pid, signal).ok();
                }
                is_told = true;
            }
            if Instant::now() > deadline {
                break;
            }
            thread::sleep(PAUSE);
        }
    }
    let pid = working_in(cluster).first().map_or(0, |pid| pid.as_raw());
    Err(PrivatePostgresError::Survivor { folder: cluster.to_owned(), pid })
}

/// Every process of a server has the cluster as its working folder.
fn working_in(cluster: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = Pid::this();
    pids.map(Pid::from_raw)
        .filter(|pid| *pid != own && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster) && is_postgres(*pid))
        .collect()
}

/// A person's shell may stand in that folder too.
fn is_postgres(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| matches!(name.trim(), "postgres" | "postmaster"))
}
