//! Whether a folder changed.

use super::{ArchiveLimits, DEEPEST};
use cap_std::fs::{Dir, MetadataExt as _};
use sha2::{Digest as _, Sha256};
use std::io;

/// What a folder looks like from outside: names, sizes, times and inodes of what it holds. Two looks that are equal saw the
/// same content, unless somebody took care that they do; that only means that a checkpoint is spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Looks. A folder with more entries than the limits allow is looked at no further: it is another one every time.
    pub fn of(folder: &Dir, limits: &ArchiveLimits) -> io::Result<Self> {
        let mut hash = Sha256::new();
        let mut left = limits.entries;
        note(folder, &mut hash, &mut left, 0)?;
        Ok(Self(hash.finalize().into()))
    }

    /// For keeping.
    pub fn to_text(self) -> String {
        crate::Checksum::from_digest(self.0).to_string()
    }
}

fn note(folder: &Dir, hash: &mut Sha256, left: &mut usize, depth: usize) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in folder.entries()? {
        let Some(rest) = left.checked_sub(1) else { return Ok(()) };
        *left = rest;
        entries.push(entry?);
    }
    entries.sort_by_key(cap_std::fs::DirEntry::file_name);
    for entry in entries {
        let metadata = entry.metadata()?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        // The time of the change itself is there, too: a program can set the time of the content, but not this one.
        for number in [metadata.size(), metadata.ino(), u64::from(metadata.mode())] {
            hash.update(number.to_be_bytes());
        }
        for number in [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()] {
            hash.update(number.to_be_bytes());
        }
        if metadata.is_dir() && depth < DEEPEST {
            note(&entry.open_dir()?, hash, left, depth + 1)?;
            hash.update(b"/");
        }
    }
    Ok(())
}
