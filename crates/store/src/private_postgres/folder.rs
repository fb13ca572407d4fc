//! The data folder: one server at a time, made whole or not at all.
//!
//! ```text
//! <data dir>/lock          held by the process that runs the server
//! <data dir>/server.log    what the server says
//! <data dir>/socket/       its socket, unless that path is too long for one
//! <data dir>/cluster/      the database cluster
//! ```

use super::{PrivatePostgresError, account::Account, binaries::Binaries};
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The longest path of a socket (`sun_path` without its end), less the name of the server's socket.
const LONGEST_SOCKET_FOLDER: usize = 107 - "/.s.PGSQL.5432".len();

/// A data folder that is ours as long as this value lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Where the server's socket is.
    pub(super) socket: PathBuf,
    _lock: Flock<File>,
}

impl Folder {
    /// Makes the folder if it isn't there, and keeps others out of it.
    pub(super) fn open(path: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        let path = std::path::absolute(path).map_err(PrivatePostgresError::io("resolve", path))?;
        if !path.exists() {
            let parent = path.parent().unwrap_or(Path::new("/"));
            if !parent.is_dir() {
                return Err(PrivatePostgresError::NoParent(parent.to_owned()));
            }
            make_private(&path, account)?;
        }
        let path = path.canonicalize().map_err(PrivatePostgresError::io("resolve", &path))?;
        account.check_reach(&path)?;

        let lock_path = lock_of(&path);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = locked(file.map_err(PrivatePostgresError::io("write", &lock_path))?, &path)?;
        account.own(&path)?;
        let socket = socket_folder(&path, account)?;
        Ok(Self { path, socket, _lock: lock })
    }

    /// Whether [`Folder::open`] would take the folder, which stays as it is, and the major version that wrote the cluster in it.
    pub(super) fn inspect(path: &Path, account: &Account) -> Result<Option<u32>, PrivatePostgresError> {
        let path = std::path::absolute(path).map_err(PrivatePostgresError::io("resolve", path))?;
        let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        let below = path.strip_prefix(there).unwrap_or(Path::new(""));
        let path = there.canonicalize().map_err(PrivatePostgresError::io("resolve", there))?.join(below);
        account.check_reach(&path)?;
        let lock_path = lock_of(&path);
        match OpenOptions::new().write(true).open(&lock_path) {
            Ok(file) => drop(locked(file, &path)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(PrivatePostgresError::io("write", &lock_path)(error)),
        }
        version_of(&path)
    }

    /// The database cluster.
    pub(super) fn cluster(&self) -> PathBuf {
        cluster_of(&self.path)
    }

    /// What the server says.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// The major version that wrote the cluster; `None` before the first start.
    pub(super) fn version(&self) -> Result<Option<u32>, PrivatePostgresError> {
        version_of(&self.path)
    }

    /// Makes the cluster beside its place and moves it there, so that a killed first start leaves nothing half-made.
    pub(super) fn make_cluster(&self, account: &Account, binaries: &Binaries) -> Result<(), PrivatePostgresError> {
        // Text compares by its bytes, whatever the machine's language; `C.UTF-8`, where there is one,
        // also knows upper and lower case beyond ASCII.
        let made = self.initdb(account, binaries, "C.UTF-8").or_else(|_| self.initdb(account, binaries, "C"))?;
        fs::rename(&made, self.cluster()).map_err(PrivatePostgresError::io("rename", &made))?;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(PrivatePostgresError::io("sync", &self.path))
    }

    fn initdb(&self, account: &Account, binaries: &Binaries, character_type: &str) -> Result<PathBuf, PrivatePostgresError> {
        let unfinished = self.path.join("cluster.new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(PrivatePostgresError::io("remove", &unfinished))?;
        }
        make_private(&unfinished, account)?;
        let program = binaries.initdb();
        let output = account
            .command(&program)
            .arg("--pgdata")
            .arg(&unfinished)
            // Nobody else gets to the socket: its folder is private. There is no other way in.
            .args(["--auth-local=trust", "--auth-host=reject", "--username=cowork", "--encoding=UTF8", "--no-instructions"])
            .args(["--locale=C", "--lc-ctype", character_type])
            .output()
            .map_err(PrivatePostgresError::io("run", &program))?;
        if output.status.success() {
            return Ok(unfinished);
        }
        Err(PrivatePostgresError::Init(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }

    /// Opens the server's log for what comes next. It starts anew above 16 MiB.
    pub(super) fn open_log(&self) -> Result<File, PrivatePostgresError> {
        let path = self.log();
        let is_large = fs::metadata(&path).is_ok_and(|meta| meta.len() > 16 << 20);
        let mut options = OpenOptions::new();
        if is_large {
            options.write(true).truncate(true);
        } else {
            options.append(true);
        }
        options.create(true).open(&path).map_err(PrivatePostgresError::io("write", &path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Leaves nothing behind among other people's temporary files once the server has ended.
        fs::remove_dir(&self.socket).ok();
    }
}

/// The database cluster in a data folder.
pub(super) fn cluster_of(path: &Path) -> PathBuf {
    path.join("cluster")
}

fn lock_of(path: &Path) -> PathBuf {
    path.join("lock")
}

/// Keeps others out of the folder for as long as the value lives.
fn locked(file: File, folder: &Path) -> Result<Flock<File>, PrivatePostgresError> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => PrivatePostgresError::InUse(folder.to_owned()),
        error => PrivatePostgresError::io("lock", &lock_of(folder))(error.into()),
    })
}

fn version_of(path: &Path) -> Result<Option<u32>, PrivatePostgresError> {
    let path = cluster_of(path).join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let version = text.trim().parse().map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "it does not name a version"));
            version.map(Some).map_err(PrivatePostgresError::io("read", &path))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PrivatePostgresError::io("read", &path)(error)),
    }
}

fn make_private(path: &Path, account: &Account) -> Result<(), PrivatePostgresError> {
    DirBuilder::new().mode(0o700).create(path).map_err(PrivatePostgresError::io("create", path))?;
    account.own(path)
}

/// Beside the data, or where paths are short.
fn socket_folder(data: &Path, account: &Account) -> Result<PathBuf, PrivatePostgresError> {
    let beside = data.join("socket");
    let folder = if beside.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        beside
    } else {
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        std::env::temp_dir().join(format!("cowork-pg-{:016x}", hasher.finish()))
    };
    match make_private(&folder, account) {
        Ok(()) => {}
        Err(PrivatePostgresError::Io { error, .. }) if error.kind() == ErrorKind::AlreadyExists => {
            // Where everybody may write, somebody else may have been there first.
            let meta = fs::symlink_metadata(&folder).map_err(PrivatePostgresError::io("read", &folder))?;
            let is_ours = meta.uid() == account.uid() || meta.uid() == nix::unistd::geteuid().as_raw();
            if !meta.is_dir() || !is_ours {
                return Err(PrivatePostgresError::io("use", &folder)(ErrorKind::PermissionDenied.into()));
            }
            fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(PrivatePostgresError::io("protect", &folder))?;
            account.own(&folder)?;
        }
        Err(error) => return Err(error),
    }
    Ok(folder)
}
