//! From an archive to a folder.

use super::{ArchiveLimits, DEEPEST};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use flate2::read::GzDecoder;
use std::{
    io::{self, Read},
    path::{Component, Path, PathBuf},
};
use tar::{Archive, EntryType};

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// A path that leads out, or is none.
    #[error("the archive holds an unsafe path")]
    UnsafePath,
    /// Links and special files are never packed, so somebody else made this archive.
    #[error("the archive holds something that is neither a file nor a folder")]
    UnsafeKind,
    /// More than a workspace may hold.
    #[error("the archive holds more than a workspace may")]
    TooLarge,
    /// It can't be read, or the disk can't be written.
    #[error("the archive can't be unpacked: {0}")]
    Io(#[from] io::Error),
}

/// Unpacks an archive into a folder, which should be empty. After an error the folder holds a part.
pub fn unpack(archive: &[u8], folder: &Dir, limits: &ArchiveLimits) -> Result<(), UnpackError> {
    let (mut entries, mut bytes) = (0_usize, 0_u64);
    // What a header says and what follows it both count: a small archive must not fill the disk.
    let mut archive = Archive::new(GzDecoder::new(archive).take(limits.bytes.saturating_add(limits.entries as u64 * 4096)));
    for entry in archive.entries()? {
        let mut entry = entry?;
        entries += 1;
        bytes = bytes.saturating_add(entry.size());
        if entries > limits.entries || bytes > limits.bytes {
            return Err(UnpackError::TooLarge);
        }
        let path = safe(&entry.path()?)?;
        match entry.header().entry_type() {
            EntryType::Directory => folder.create_dir_all(&path)?,
            EntryType::Regular => {
                if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                    folder.create_dir_all(parent)?;
                }
                let mode = if entry.header().mode()? & 0o100 == 0 { 0o644 } else { 0o755 };
                let mut options = OpenOptions::new();
                // A second entry of the same name finds the first one there: nothing is written through anything.
                options.write(true).create_new(true).mode(mode);
                let mut file = folder.open_with(&path, &options)?;
                if io::copy(&mut entry, &mut file)? != entry.size() {
                    return Err(UnpackError::Io(io::ErrorKind::UnexpectedEof.into()));
                }
            }
            _ => return Err(UnpackError::UnsafeKind),
        }
    }
    Ok(())
}

fn safe(path: &Path) -> Result<PathBuf, UnpackError> {
    let mut depth = 0_usize;
    for component in path.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(UnpackError::UnsafePath),
        }
    }
    if depth == 0 || depth > DEEPEST + 1 { Err(UnpackError::UnsafePath) } else { Ok(path.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{Fingerprint, PackError, pack};
    use cap_std::ambient_authority;
    use flate2::{Compression, write::GzEncoder};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use tar::{Builder, Header};
    use tempfile::TempDir;

    const LIMITS: ArchiveLimits = ArchiveLimits { entries: 100, bytes: 1 << 20, packed: 1 << 20 };

    fn folder() -> (TempDir, Dir) {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("it opens");
        (folder, dir)
    }

    #[test]
    fn a_folder_comes_back_byte_for_byte_without_links_and_pipes() {
        let (from, dir) = folder();
        let long = format!("{0}/{0}", "long".repeat(40));
        std::fs::create_dir_all(from.path().join("empty/inner")).expect("made");
        std::fs::create_dir_all(from.path().join(&long)).expect("made");
        let files = [("a.txt", b"hello".to_vec()), ("ä b", vec![0, 255, 10]), ("none", vec![]), (&format!("{long}/x"), vec![7; 100_000])];
        for (name, content) in &files {
            std::fs::write(from.path().join(name), content).expect("written");
        }
        std::fs::set_permissions(from.path().join("a.txt"), std::fs::Permissions::from_mode(0o4_777)).expect("changed");
        symlink("/etc/passwd", from.path().join("secrets")).expect("linked");
        symlink("a.txt", from.path().join("inside")).expect("linked");
        let packed = pack(&dir, &LIMITS).expect("packed");
        assert_eq!((packed.files, packed.left_out), (4, 2));

        let (to, dir) = folder();
        unpack(&packed.archive, &dir, &LIMITS).expect("unpacked");
        for (name, content) in &files {
            assert_eq!(&std::fs::read(to.path().join(name)).expect("it is there"), content, "{name}");
        }
        assert!(to.path().join("empty/inner").is_dir());
        assert!(!to.path().join("secrets").exists() && !to.path().join("inside").exists());
        let mode = std::fs::metadata(to.path().join("a.txt")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7_111, 0o111, "runnable, and nothing more than that");
    }

    #[test]
    fn a_hostile_archive_is_refused_and_writes_nothing_outside() {
        let outside = tempfile::tempdir().expect("a folder");
        let target = outside.path().join("taken").display().to_string();
        let cases: [(&str, EntryType, &str); 8] = [
            ("../taken", EntryType::Regular, ""),
            ("a/../../taken", EntryType::Regular, ""),
            (&target, EntryType::Regular, ""),
            ("link", EntryType::Symlink, "/etc"),
            ("hard", EntryType::Link, "/etc/passwd"),
            ("pipe", EntryType::Fifo, ""),
            ("disk", EntryType::Block, ""),
            ("", EntryType::Regular, ""),
        ];
        for (path, kind, link) in cases {
            let (place, dir) = folder();
            let refused = unpack(&archive(&[(path, kind, link)]), &dir, &LIMITS).expect_err(path);
            assert!(matches!(refused, UnpackError::UnsafePath | UnpackError::UnsafeKind | UnpackError::Io(_)), "{path}: {refused}");
            assert_eq!(std::fs::read_dir(place.path()).expect("readable").count(), 0, "{path}");
        }
        assert!(!outside.path().join("taken").exists());

        // A link that is there already is not written through, either.
        let (place, dir) = folder();
        symlink(outside.path(), place.path().join("out")).expect("linked");
        assert!(unpack(&archive(&[("out/taken", EntryType::Regular, "")]), &dir, &LIMITS).is_err());
        assert!(!outside.path().join("taken").exists());
    }

    #[test]
    fn more_than_may_be_is_refused_both_ways() {
        let (from, dir) = folder();
        std::fs::write(from.path().join("zeros"), vec![0; 2 << 20]).expect("written");
        assert!(matches!(pack(&dir, &LIMITS), Err(PackError::TooLarge(_))));
        let wide = ArchiveLimits { bytes: 8 << 20, ..LIMITS };
        let bomb = pack(&dir, &wide).expect("it packs well").archive;
        assert!(matches!(pack(&dir, &ArchiveLimits { packed: 100, ..wide }), Err(PackError::PackedTooLarge(100))));
        let (to, dir) = folder();
        assert!(matches!(unpack(&bomb, &dir, &LIMITS), Err(UnpackError::TooLarge)));
        assert_eq!(std::fs::read_dir(to.path()).expect("readable").count(), 0);
        for number in 0..101 {
            std::fs::write(to.path().join(number.to_string()), b"").expect("written");
        }
        assert!(matches!(pack(&dir, &LIMITS), Err(PackError::TooMany(100))));
        assert!(unpack(&bomb[..bomb.len() / 2], &folder().1, &wide).is_err(), "half an archive is none");
    }

    #[test]
    fn a_change_is_seen_and_a_look_is_none() {
        let (from, dir) = folder();
        std::fs::write(from.path().join("a"), b"one").expect("written");
        let look = || Fingerprint::of(&dir, &LIMITS).expect("looked").to_text();
        let before = look();
        assert_eq!(before, look());
        std::fs::write(from.path().join("a"), b"two").expect("written");
        let after = look();
        assert_ne!(before, after);
        std::fs::rename(from.path().join("a"), from.path().join("b")).expect("renamed");
        assert_ne!(after, look());
    }

    /// An archive as nobody but an attacker makes it: the builder of `tar` refuses such paths.
    fn archive(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, link) in entries {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().expect("just made").name[..path.len()].copy_from_slice(path.as_bytes());
            header.as_gnu_mut().expect("just made").linkname[..link.len()].copy_from_slice(link.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.set_size(0);
            header.set_cksum();
            builder.append(&header, io::empty()).expect("appended");
        }
        builder.into_inner().expect("finished").finish().expect("compressed")
    }
}
