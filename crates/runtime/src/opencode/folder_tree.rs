//! Folders that agents fill, with everything in them: given to their user, and removed.
//!
//! An agent nests its folders as deep as it likes, and puts links where folders were. So nothing here recurses or holds more than
//! a few folders open, links are never followed, and everything is done by handle: nothing that changes meanwhile leads out.

use crate::native::reports::fresh_id;
use cap_std::fs::{Dir, DirEntry, MetadataExt as _, ReadDir};
use nix::{
    fcntl::{AtFlags, OFlag},
    unistd::{Gid, Uid, fchown, fchownat},
};
use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// How deep folders may nest that are handed over. What nests deeper is not archived either.
const DEEPEST: usize = 64;
/// Files and folders that may be handed over: those of a large project with all that it depends on.
const MOST: usize = 1_000_000;

/// Gives a folder and everything in it to a user.
pub(super) fn hand_over(path: &Path, owner: u32) -> io::Result<()> {
    let (user, group) = (Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner)));
    let top = open(path)?;
    let mut left = MOST;
    let mut way = Way::to(top.try_clone()?)?;
    while let Some(level) = way.levels.last_mut() {
        let Some(entry) = level.entries.next() else {
            way.levels.pop();
            continue;
        };
        let entry = entry?;
        left = left.checked_sub(1).ok_or_else(|| io::Error::other(format!("it holds more than {MOST} files and folders")))?;
        let metadata = entry.metadata()?;
        // Most are its own already: those of an earlier turn.
        if (metadata.uid(), metadata.gid()) != (owner, owner) {
            fchownat(&level.folder, Path::new(&entry.file_name()), user, group, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        }
        if metadata.is_dir() {
            if level.depth == DEEPEST {
                return Err(io::Error::other(format!("its folders are nested more than {DEEPEST} deep")));
            }
            way.enter(&entry)?;
        }
    }
    Ok(fchown(&top, user, group)?)
}

/// Removes a folder with everything in it, or what has its place. Where there is nothing, nothing happens.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let top = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return fs::remove_file(path),
        top => top?,
    };
    while empty(&top)? == Emptied::ButForWhatWasDeeper {}
    fs::remove_dir(path)
}

#[derive(PartialEq, Eq)]
enum Emptied {
    Wholly,
    /// Folders that nest too deep are at the top now.
    ButForWhatWasDeeper,
}

fn empty(top: &Dir) -> io::Result<Emptied> {
    let mut emptied = Emptied::Wholly;
    let mut way = Way::to(top.try_clone()?)?;
    while let Some(level) = way.levels.last_mut() {
        let Some(entry) = level.entries.next() else {
            let name = way.levels.pop().map(|level| level.name);
            if let (Some(outer), Some(name)) = (way.levels.last(), name) {
                outer.folder.remove_dir(name)?;
            }
            continue;
        };
        let entry = entry?;
        if !entry.metadata()?.is_dir() {
            entry.remove_file()?;
        } else if level.depth == DEEPEST {
            // Under a name that nobody can have taken.
            level.folder.rename(entry.file_name(), top, fresh_id(".deeper-"))?;
            emptied = Emptied::ButForWhatWasDeeper;
        } else {
            way.enter(&entry)?;
        }
    }
    Ok(emptied)
}

/// The open folders from the outermost one to the one that is worked on.
struct Way {
    levels: Vec<Level>,
}

struct Level {
    name: OsString,
    depth: usize,
    folder: Dir,
    entries: ReadDir,
}

impl Way {
    fn to(top: Dir) -> io::Result<Self> {
        Ok(Self { levels: vec![Level { name: OsString::new(), depth: 0, entries: top.entries()?, folder: top }] })
    }

    fn enter(&mut self, entry: &DirEntry) -> io::Result<()> {
        let folder = entry.open_dir()?;
        self.levels.push(Level { name: entry.file_name(), depth: self.levels.len(), entries: folder.entries()?, folder });
        Ok(())
    }
}

/// Opens what is a folder itself and not a link to one.
fn open(path: &Path) -> io::Result<Dir> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    Ok(Dir::from_std_file(OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;
    use std::{collections::VecDeque, os::unix::fs::symlink};
    use tempfile::TempDir;

    fn temporary() -> TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    /// Nests folders so deep below this one that their path would be too long for any call.
    fn nest(path: &Path, depth: usize) {
        let mut folder = Dir::open_ambient_dir(path, ambient_authority()).expect("our own folder");
        for _ in 0..depth {
            folder.create_dir("inner").expect("made");
            folder = folder.open_dir("inner").expect("made");
            folder.write("file", "content").expect("written");
        }
    }

    /// Whose everything below a folder is; links count themselves.
    fn owners(path: &Path) -> Vec<(u32, u32)> {
        use std::os::unix::fs::MetadataExt as _;
        let (mut owners, mut waiting) = (Vec::new(), VecDeque::from([path.to_owned()]));
        while let Some(path) = waiting.pop_front() {
            let metadata = fs::symlink_metadata(&path).expect("there");
            owners.push((metadata.uid(), metadata.gid()));
            if metadata.is_dir() {
                waiting.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            }
        }
        owners
    }

    /// Somebody else where that is possible.
    fn somebody() -> u32 {
        let ours = nix::unistd::geteuid();
        if ours.is_root() { 2_345_678 } else { ours.as_raw() }
    }

    #[test]
    fn a_folder_is_handed_over_with_all_it_holds_and_nothing_else() {
        let folder = temporary();
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        fs::create_dir(&inside).expect("made");
        nest(&inside, DEEPEST);
        fs::write(&outside, "content").expect("written");
        symlink(&outside, inside.join("link")).expect("linked");
        let before = owners(&outside);
        let owner = somebody();
        for _ in 0..2 {
            hand_over(&inside, owner).expect("handed over");
            let owners = owners(&inside);
            assert_eq!((owners.len(), owners.iter().all(|found| *found == (owner, owner))), (2 * DEEPEST + 2, true));
        }
        assert_eq!(owners(&outside), before);
        symlink(&inside, folder.path().join("link")).expect("linked");
        hand_over(&folder.path().join("link"), owner).expect_err("a link is no folder");
    }

    #[test]
    fn a_folder_that_nests_too_deep_is_refused_and_can_still_be_removed() {
        let folder = temporary();
        for depth in [DEEPEST + 1, 1_000] {
            let inside = folder.path().join("inside");
            fs::create_dir(&inside).expect("made");
            nest(&inside, depth);
            let error = hand_over(&inside, somebody()).expect_err("too deep");
            assert_eq!(error.to_string(), "its folders are nested more than 64 deep");
            remove(&inside).expect("removed");
            assert!(!inside.exists());
        }
    }

    #[test]
    fn what_a_link_leads_to_is_not_removed() {
        let folder = temporary();
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        for path in [&inside, &outside] {
            fs::create_dir(path).expect("made");
            nest(path, 2);
        }
        symlink(&outside, inside.join("link")).expect("linked");
        remove(&inside).expect("removed");
        remove(&inside).expect("there is nothing");
        symlink(&outside, &inside).expect("linked");
        remove(&inside).expect("removed");
        assert!(fs::symlink_metadata(&inside).is_err());
        assert_eq!(owners(&outside).len(), 5);
    }
}
