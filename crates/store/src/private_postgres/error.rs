//! Why a private server can't run, and what to do about it.

use std::path::{Path, PathBuf};

/// The private server can't be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// No binaries, and none could be downloaded.
    #[error(
        "no PostgreSQL 15 or newer was found ({searched}); install the package `postgresql`, set PG_BIN to the folder \
         that has `postgres` and `initdb`, or give a database url. Downloading it failed: {download}"
    )]
    NoBinaries {
        /// Where it was looked for.
        searched: String,
        /// Why the download failed.
        download: String,
    },
    /// The folder that was named has no usable server.
    #[error("{} has no usable PostgreSQL: {reason}", .folder.display())]
    UnusableBinaries {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data was written by another major version.
    #[error(
        "the data in {} belongs to PostgreSQL {data}, but the binaries are PostgreSQL {binaries}; \
         install PostgreSQL {data}, or dump the data with it and restore it into a new data directory", .folder.display()
    )]
    OtherVersion {
        /// The data folder.
        folder: PathBuf,
        /// Its version.
        data: u32,
        /// The newest version that was found.
        binaries: u32,
    },
    /// Somebody else runs a server there.
    #[error("the data directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A server of an earlier run doesn't end.
    #[error("a server of an earlier run (process {pid}) still uses {} and does not end; stop it by hand", .folder.display())]
    Survivor {
        /// The data folder.
        folder: PathBuf,
        /// The process.
        pid: i32,
    },
    /// The folder's parent doesn't exist.
    #[error("{} does not exist; create it, or choose another data directory", .0.display())]
    NoParent(PathBuf),
    /// The unprivileged user can't get to the folder.
    #[error("user {user} cannot enter {}; allow it (chmod o+x), or choose another data directory", .folder.display())]
    Unreachable {
        /// Whom the server runs as.
        user: String,
        /// The folder that is closed.
        folder: PathBuf,
    },
    /// The program that drops privileges is missing.
    #[error("`setpriv` is missing, and PostgreSQL does not run as root; install the package `util-linux`, or run as another user")]
    NoSetpriv,
    /// A step on the file system failed.
    #[error("cannot {step} {}: {error}", .path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        error: std::io::Error,
    },
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    Init(String),
    /// The server ended, or didn't answer, while it started.
    #[error("the private PostgreSQL did not start: {reason}; its log is {}", .log.display())]
    Start {
        /// What was seen.
        reason: String,
        /// Where more can be read.
        log: PathBuf,
    },
}

impl PrivatePostgresError {
    pub(super) fn io(step: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Io { step, path: path.to_owned(), error }
    }
}
