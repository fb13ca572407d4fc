//! The session's folder. Nothing outside of it can be reached: every path is resolved by `cap-std`
//! below the open folder, so neither `..` nor an absolute path nor a symbolic link leads out.

use super::{
    super::{reports::fresh_id, turn::Turn},
    ToolError,
};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions, OpenOptionsExt as _},
};
use cowork_domain::ids::SessionId;
use nix::{errno::Errno, fcntl::OFlag};
use std::{
    io::{self, Read as _, Write as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// How pipes, devices and sockets are refused.
const NOT_A_FILE: io::ErrorKind = io::ErrorKind::Unsupported;
/// Files that are worked on at a time on a node. Each takes a thread, and others need threads, too.
pub(in super::super) const FILE_JOBS: usize = 64;

/// The workspace folder of a session.
pub(super) fn folder(root: &Path, session: SessionId) -> PathBuf {
    root.join(session.to_string())
}

impl Turn<'_> {
    /// Works in the session's folder, off the async threads: files may be large and disks slow.
    pub(super) async fn in_workspace<T, F>(&self, work: F) -> Result<T, ToolError>
    where
        T: Send + 'static,
        F: FnOnce(&Dir) -> io::Result<T> + Send + 'static,
    {
        let folder = folder(&self.shared.workspaces, self.session);
        let jobs = Arc::clone(&self.shared.file_jobs);
        let worked = async move {
            let job = jobs.acquire_owned().await.expect("nobody closes it");
            let working = tokio::task::spawn_blocking(move || {
                // Until the work ends, even if nobody waits for it any more.
                let _job = job;
                std::fs::create_dir_all(&folder)?;
                work(&Dir::open_ambient_dir(&folder, ambient_authority())?)
            });
            working.await
        };
        match self.bounded(worked).await? {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(ToolError::refused(explain(&error))),
            Err(_) => Err(ToolError::refused("the file operation failed")),
        }
    }
}

/// Checks what can be checked without looking: a person should not be asked about a path that can't be used.
pub(super) fn relative(path: &str) -> Result<PathBuf, ToolError> {
    let outside = || ToolError::refused(format!("the path {path} leads out of the workspace; use a path relative to it"));
    if path.is_empty() || path.contains('\0') {
        return Err(ToolError::refused("a path is needed"));
    }
    let mut depth = 0_usize;
    for component in Path::new(path).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth = depth.checked_sub(1).ok_or_else(outside)?,
            Component::RootDir | Component::Prefix(_) => return Err(outside()),
        }
    }
    Ok(PathBuf::from(path))
}

/// Reads a regular file of bounded size.
pub(super) fn read(dir: &Dir, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    regular_file(dir, path, OpenOptions::new().read(true))?.take(limit as u64 + 1).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// Writes a file, with the folders it needs. Readers see the old content or the new, never a part.
pub(super) fn write(dir: &Dir, path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        // Looked at first: below a link that leads out, this is the refusal that says so.
        match dir.metadata(parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => dir.create_dir_all(parent)?,
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    if dir.metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if dir.symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        // Replacing the link would surprise; writing through it is checked like any other path.
        return write_through(dir, path, content);
    }
    let draft = path.with_file_name(fresh_id(".draft-"));
    let written = dir.write(&draft, content).and_then(|()| dir.rename(&draft, dir, path));
    if written.is_err() {
        let _ = dir.remove_file(&draft);
    }
    written
}

/// Writes to what a link leads to.
fn write_through(dir: &Dir, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = regular_file(dir, path, OpenOptions::new().write(true).create(true))?;
    // Not when it is opened: what is no regular file stays as it is.
    file.set_len(0)?;
    file.write_all(content)
}

/// Opens a regular file and nothing else. Opening a pipe would wait for its other end, maybe for ever, so nothing is waited for;
/// and the open file is looked at, because what has its name may change at any time.
fn regular_file(dir: &Dir, path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let opened = dir.open_with(path, options.custom_flags(OFlag::O_NONBLOCK.bits()));
    let file = opened.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        // A pipe that nobody reads, or a socket.
        Some(Errno::ENXIO) => NOT_A_FILE.into(),
        _ => error,
    })?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() { Ok(file) } else { Err(NOT_A_FILE.into()) }
}

/// An error in words that don't name places of this machine.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        // This is how cap-std refuses a path that leaves the folder.
        io::ErrorKind::PermissionDenied => "the path leads out of the workspace, or access is denied".to_owned(),
        io::ErrorKind::IsADirectory => "this is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is not a folder".to_owned(),
        NOT_A_FILE => "this is not a regular file".to_owned(),
        io::ErrorKind::FileTooLarge => "the file is too large".to_owned(),
        io::ErrorKind::InvalidData => "the file is not text".to_owned(),
        _ => format!("the file operation failed: {}", error.kind()),
    }
}
