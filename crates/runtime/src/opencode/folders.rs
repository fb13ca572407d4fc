//! The private folders of a process, and the workspaces that it may see.
//!
//! ```text
//! <root>/<organisation>/        mode 0711, ours
//!   process/                    mode 0700, the agent's user: home, data, cache, state; new for each start
//!   config/ etc/ shell/         ours, readable only
//!   work/                       ours, searchable only
//!     <session>/                mode 0700, the agent's user: the workspaces of running turns
//! ```
//!
//! A session's workspace moves into `work/` for its turn and back afterwards, so that a process never sees a workspace of another
//! organisation, and everybody else finds the workspace where it always is.

use super::{
    config,
    folder_tree::{hand_over, remove},
    sandbox,
};
use cowork_domain::ids::{OrgId, SessionId};
use data_encoding::HEXLOWER;
use nix::unistd::{getegid, geteuid};
use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown, lchown},
    path::{Path, PathBuf},
};

/// What OpenCode keeps to itself.
const PRIVATE: [&str; 4] = ["home", "data", "cache", "state"];

/// The folders of one organisation's process.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    base: PathBuf,
    workspaces: PathBuf,
    /// Whose files they are; none where everything runs as one user.
    owner: Option<u32>,
}

impl Folders {
    /// Makes what outlives a process. The number of the organisation's user is that of its folder's group, or the next free one.
    pub(super) fn open(root: &Path, workspaces: &Path, org: &OrgId, privileged: bool) -> io::Result<Self> {
        make(root, 0o711)?;
        let base = root.join(name_of(org));
        make(&base, 0o711)?;
        let owner = if privileged { Some(user_of(root, &base)?) } else { None };
        let folders = Self { base, workspaces: workspaces.to_owned(), owner };
        // Ours: in a folder of its own the agent could put a link where a workspace is expected, and we would follow it as root.
        make(&folders.work(), 0o711)?;
        chown(folders.work(), Some(geteuid().as_raw()), Some(getegid().as_raw()))?;
        Ok(folders)
    }

    pub(super) fn owner(&self) -> Option<u32> {
        self.owner
    }

    fn work(&self) -> PathBuf {
        self.base.join("work")
    }

    /// Makes everything new for a process that starts: what an earlier one kept is not trusted.
    pub(super) fn renew(&self, config: &str) -> io::Result<()> {
        let process = self.base.join("process");
        remove(&process)?;
        make(&process, 0o700)?;
        for name in PRIVATE {
            make(&process.join(name), 0o700)?;
            self.give(&process.join(name))?;
        }
        self.give(&process)?;
        let uid = self.owner.unwrap_or_else(|| nix::unistd::getuid().as_raw());
        let people = format!("root:x:0:0::/:/bin/sh\nagent:x:{uid}:{uid}::{}/home:/bin/bash\n", sandbox::INSIDE);
        let groups = format!("root:x:0:\nagent:x:{uid}:\n");
        let files = [
            ("config/opencode/opencode.json", config, 0o444),
            // It writes this one where it is missing, and doesn't get over it if it can't.
            ("config/opencode/.gitignore", config::GITIGNORE, 0o444),
            ("etc/passwd", &people, 0o444),
            ("etc/group", &groups, 0o444),
            ("etc/hosts", "127.0.0.1 localhost\n", 0o444),
            ("shell/bash", &sandbox::shell(), 0o555),
        ];
        for name in ["config", "etc", "shell"] {
            remove(&self.base.join(name))?;
        }
        for (name, content, mode) in files {
            let path = self.base.join(name);
            let parent = path.parent().unwrap_or(&self.base);
            make(parent, 0o755)?;
            fs::write(&path, content)?;
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    /// Forgets what a process kept.
    pub(super) fn clear(&self) {
        if let Err(error) = remove(&self.base.join("process")) {
            tracing::warn!(%error, "what an OpenCode process left can't be removed");
        }
    }

    /// How the outer bubblewrap shows them.
    pub(super) fn binds(&self, program: &Path) -> Vec<OsString> {
        let inside = sandbox::INSIDE;
        let mut binds: Vec<OsString> = vec!["--ro-bind".into(), program.into(), format!("{inside}/bin/opencode").into()];
        for name in ["passwd", "group", "hosts"] {
            binds.extend(["--ro-bind".into(), self.base.join("etc").join(name).into(), format!("/etc/{name}").into()]);
        }
        for name in ["config", "shell"] {
            binds.extend(["--ro-bind".into(), self.base.join(name).into(), format!("{inside}/{name}").into()]);
        }
        for name in PRIVATE {
            binds.extend(["--bind".into(), self.base.join("process").join(name).into(), format!("{inside}/{name}").into()]);
        }
        binds.extend(["--bind".into(), self.work().into(), sandbox::WORKSPACES.into()]);
        binds
    }

    /// Moves a session's workspace in, and makes it if there is none yet.
    pub(super) fn enter(&self, session: SessionId) -> io::Result<Workspace> {
        let (usual, inside) = (self.workspaces.join(session.to_string()), self.work().join(session.to_string()));
        let existed = usual.is_dir();
        if existed || !is_folder(&inside) {
            // Something of an aborted turn may have made it again; what counts has moved back before.
            remove(&inside)?;
        }
        if existed {
            fs::rename(&usual, &inside)?;
        }
        make(&inside, 0o700)?;
        let workspace = Workspace { usual, inside, existed };
        if let Some(owner) = self.owner {
            hand_over(&workspace.inside, owner)?;
        }
        Ok(workspace)
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        match self.owner {
            Some(owner) => lchown(path, Some(owner), Some(owner)),
            None => Ok(()),
        }
    }
}

/// A workspace that a turn uses. It moves back when this is dropped.
pub(super) struct Workspace {
    usual: PathBuf,
    inside: PathBuf,
    existed: bool,
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // Nothing is kept of a workspace that never held anything: most turns touch no files.
        if self.existed || fs::remove_dir(&self.inside).is_err() {
            move_back(&self.inside, &self.usual);
        }
    }
}

/// Brings back the workspaces of turns that died with their node.
pub(super) fn recover(root: &Path, workspaces: &Path) {
    let list = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    for org in list(root) {
        for inside in list(&org.join("work")) {
            if let Some(name) = inside.file_name() {
                move_back(&inside, &workspaces.join(name));
            }
        }
        remove(&org.join("process")).ok();
    }
}

fn move_back(inside: &Path, usual: &Path) {
    if !is_folder(inside) {
        tracing::error!("something else has the place of a turn's workspace, and stays there");
        return;
    }
    let moved = usual.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::rename(inside, usual));
    if let Err(error) = moved {
        tracing::error!(%error, "the workspace of a turn can't be moved back to its place");
    }
}

/// Whether it is a folder itself and not a link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Makes a folder with exactly this mode.
fn make(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A name that any organisation's id can become.
fn name_of(org: &OrgId) -> String {
    format!("org-{}", HEXLOWER.encode(&Sha256::digest(org.as_str().as_bytes())[..12]))
}

/// The user of an organisation on this node: the group of its folder says which, and no two are the same.
fn user_of(root: &Path, base: &Path) -> io::Result<u32> {
    let group = fs::metadata(base)?.gid();
    if group >= sandbox::FIRST_UID {
        return Ok(group);
    }
    let groups = fs::read_dir(root)?.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.gid());
    let user = groups.filter(|group| *group >= sandbox::FIRST_UID).max().map_or(sandbox::FIRST_UID, |last| last + 1);
    chown(base, None, Some(user))?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use uuid::Uuid;

    #[test]
    fn nothing_outside_becomes_an_agents_by_a_link_in_a_workspaces_place() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (root, workspaces, outside) = (folder.path().join("root"), folder.path().join("workspaces"), folder.path().join("outside"));
        make(&outside, 0o750).expect("made");
        let privileged = geteuid().is_root();
        let folders = Folders::open(&root, &workspaces, &OrgId::new("org"), privileged).expect("made");
        let seen = |path: &Path| {
            let metadata = fs::metadata(path).expect("there");
            (metadata.uid(), metadata.mode() & 0o777)
        };
        let us = geteuid().as_raw();
        assert_eq!(seen(&folders.work()), (us, 0o711), "only we put something into it");

        let session = SessionId::from_uuid(Uuid::from_u128(1));
        let (usual, inside) = (workspaces.join(session.to_string()), folders.work().join(session.to_string()));
        symlink(&outside, &inside).expect("linked");
        let workspace = folders.enter(session).expect("a link is no workspace");
        assert_eq!((seen(&inside), is_folder(&inside)), ((folders.owner().unwrap_or(us), 0o700), true));
        fs::remove_dir(&inside).expect("empty");
        symlink(&outside, &inside).expect("linked");
        drop(workspace);
        assert!(fs::symlink_metadata(&usual).is_err(), "nor does one come back as a workspace");
        assert_eq!(seen(&outside), (us, 0o750));
    }

    #[test]
    fn a_workspace_goes_in_and_comes_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (root, workspaces) = (folder.path().join("root"), folder.path().join("workspaces"));
        let folders = Folders::open(&root, &workspaces, &OrgId::new("org"), geteuid().is_root()).expect("made");
        let session = SessionId::from_uuid(Uuid::from_u128(1));
        let (usual, inside) = (workspaces.join(session.to_string()), folders.work().join(session.to_string()));
        drop(folders.enter(session).expect("made"));
        assert!(!usual.exists(), "nothing is kept of what never held anything");
        for turn in ["first", "second"] {
            let workspace = folders.enter(session).expect("made");
            fs::write(inside.join(turn), turn).expect("written");
            drop(workspace);
        }
        assert!(usual.join("first").exists() && usual.join("second").exists() && !inside.exists());
    }
}
