//! The data directory, the port, the limit of open files.

use super::Check;
use nix::sys::resource::{Resource, getrlimit};
use std::net::SocketAddr;
use std::path::Path;

/// Files that the server opens besides client connections: the database, logs, agents.
const RESERVED_FILES: u64 = 256;

/// Whether the data directory, or the place where it will be made, can be written.
pub(super) fn data_dir(directory: &Path) -> Check {
    const NAME: &str = "data directory";
    let shown = directory.display().to_string();
    let Some(existing) = directory.ancestors().find(|ancestor| ancestor.exists()) else {
        return Check::missing(NAME, format!("{shown} has no existing parent"), "choose another one with --data-dir");
    };
    if !existing.is_dir() {
        return Check::missing(NAME, format!("{} is a file", existing.display()), "choose another one with --data-dir");
    }
    // Asking the system is the only honest way: permission bits say nothing about read-only mounts.
    match nix::unistd::access(existing, nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK) {
        Ok(()) if existing == directory => Check::ok(NAME, format!("{shown} can be written")),
        Ok(()) => Check::ok(NAME, format!("{shown} will be made")),
        Err(error) => Check::missing(
            NAME,
            format!("{} cannot be written: {}", existing.display(), error.desc()),
            "choose another one with --data-dir",
        ),
    }
}

/// Whether the address can be listened on.
pub(super) async fn port(listen: SocketAddr) -> Check {
    const NAME: &str = "listen address";
    match tokio::net::TcpListener::bind(listen).await {
        Ok(_) => Check::ok(NAME, format!("{listen} is free")),
        Err(error) => Check::missing(
            NAME,
            format!("{listen} cannot be used: {error}"),
            "stop what listens there, or choose another one with --listen",
        ),
    }
}

/// Whether the process may open as many files as it may have connections.
pub(super) fn open_files(max_connections: usize) -> Check {
    const NAME: &str = "open files";
    let wanted = u64::try_from(max_connections).unwrap_or(u64::MAX).saturating_add(RESERVED_FILES);
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) if hard >= wanted => Check::ok(NAME, format!("up to {hard}")),
        Ok((_, hard)) => {
            let hint =
                format!("raise the limit to {wanted} (LimitNOFILE= of systemd, ulimit -Hn), or lower OPEN_COWORK_CLOUD_MAX_CONNECTIONS");
            Check::limited(NAME, format!("at most {hard} for {max_connections} connections"), hint)
        }
        Err(error) => Check::limited(NAME, format!("the limit cannot be read: {}", error.desc()), "look at ulimit -n"),
    }
}
