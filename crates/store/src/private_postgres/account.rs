//! Whom the server runs as: PostgreSQL refuses to be root, and must not outlive us.

use super::{PrivatePostgresError, environment};
use nix::unistd::{Gid, Uid, User};
use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

/// The user that the server and its tools run as.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Set when we are root and have to become somebody else.
    other: Option<Other>,
    setpriv: Option<PathBuf>,
}

#[derive(Debug, Clone)]
struct Other {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// Ourselves, or `postgres`, or else `nobody`.
    pub(super) fn choose() -> Result<Self, PrivatePostgresError> {
        let setpriv = super::binaries::on_path("setpriv");
        if !nix::unistd::geteuid().is_root() {
            if setpriv.is_none() {
                tracing::warn!("setpriv is missing: the private PostgreSQL goes on when this process is killed");
            }
            return Ok(Self { other: None, setpriv });
        }
        if setpriv.is_none() {
            return Err(PrivatePostgresError::NoSetpriv);
        }
        let named = |name: &str| User::from_name(name).ok().flatten();
        let other = named("postgres").or_else(|| named("nobody")).map_or_else(
            || Other { name: "65534".to_owned(), uid: Uid::from_raw(65_534), gid: Gid::from_raw(65_534) },
            |user| Other { name: user.name, uid: user.uid, gid: user.gid },
        );
        Ok(Self { other: Some(other), setpriv })
    }

    /// A command that runs as this user, in a process group of its own (the terminal's Ctrl-C is for
    /// us: we stop the server when we are done with it), and is told to end when its parent thread does.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match &self.setpriv {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                if let Some(Other { uid, gid, .. }) = &self.other {
                    command.arg("--reuid").arg(uid.to_string()).arg("--regid").arg(gid.to_string()).arg("--clear-groups");
                }
                // The server's fast shutdown.
                command.args(["--pdeathsig", "INT", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        // Our environment may hold the deployment's secrets, and the server runs as somebody who mustn't know them.
        command.process_group(0).current_dir("/").env_clear().env("LC_ALL", "C");
        for name in ["PATH", "LD_LIBRARY_PATH", "TZ"] {
            if let Some(value) = environment::path(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Hands a folder over.
    pub(super) fn own(&self, path: &Path) -> Result<(), PrivatePostgresError> {
        if let Some(Other { uid, gid, .. }) = &self.other {
            std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
                .map_err(PrivatePostgresError::io("change the owner of", path))?;
        }
        Ok(())
    }

    /// The user id that owns what the server writes.
    pub(super) fn uid(&self) -> u32 {
        self.other.as_ref().map_or_else(nix::unistd::geteuid, |other| other.uid).as_raw()
    }

    /// Checks that the user can get to a folder through all that lead to it, as far as they are there.
    pub(super) fn check_reach(&self, folder: &Path) -> Result<(), PrivatePostgresError> {
        let Some(Other { name, uid, gid }) = &self.other else { return Ok(()) };
        for ancestor in folder.ancestors().skip(1).skip_while(|ancestor| !ancestor.exists()) {
            let meta = std::fs::metadata(ancestor).map_err(PrivatePostgresError::io("read", ancestor))?;
            let bit = if meta.uid() == uid.as_raw() {
                0o100
            } else if meta.gid() == gid.as_raw() {
                0o010
            } else {
                0o001
            };
            if meta.mode() & bit == 0 {
                return Err(PrivatePostgresError::Unreachable { user: name.clone(), folder: ancestor.to_owned() });
            }
        }
        Ok(())
    }
}
