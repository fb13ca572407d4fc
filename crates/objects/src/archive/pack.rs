//! From a folder to an archive.

use super::{ArchiveLimits, DEEPEST};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _, PermissionsExt as _};
use flate2::{Compression, write::GzEncoder};
use std::{
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};
use tar::{Builder, EntryType, Header};

/// Why a folder is not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// More files and folders than may be.
    #[error("the workspace holds more than {0} files and folders")]
    TooMany(usize),
    /// More bytes than may be.
    #[error("the files of the workspace have more than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// The archive would be too large.
    #[error("the packed workspace has more than {} MiB", .0 >> 20)]
    PackedTooLarge(u64),
    /// Folders within folders within folders.
    #[error("the folders of the workspace are nested more than {DEEPEST} deep")]
    TooDeep,
    /// The disk.
    #[error("the workspace can't be read: {0}")]
    Io(#[from] io::Error),
}

/// A packed folder.
#[derive(Debug)]
pub struct Packed {
    /// The archive.
    pub archive: Vec<u8>,
    /// Files in it.
    pub files: usize,
    /// Symbolic links and special files that were left out.
    pub left_out: usize,
}

/// Packs a folder. What changes meanwhile is taken as it is found; a file that vanishes is left out.
pub fn pack(folder: &Dir, limits: &ArchiveLimits) -> Result<Packed, PackError> {
    let output = Bounded { bytes: Vec::new(), most: limits.packed };
    let builder = Builder::new(GzEncoder::new(output, Compression::fast()));
    let mut packing = Packing { builder, limits, entries: 0, bytes: 0, files: 0, left_out: 0 };
    packing.folder(folder, &PathBuf::new(), 0).map_err(|error| as_size(error, limits))?;
    let Packing { builder, files, left_out, .. } = packing;
    let finished = builder.into_inner().and_then(GzEncoder::finish).map_err(|error| as_size(error.into(), limits))?;
    Ok(Packed { archive: finished.bytes, files, left_out })
}

struct Packing<'a> {
    builder: Builder<GzEncoder<Bounded>>,
    limits: &'a ArchiveLimits,
    entries: usize,
    bytes: u64,
    files: usize,
    left_out: usize,
}

impl Packing<'_> {
    fn folder(&mut self, folder: &Dir, path: &Path, depth: usize) -> Result<(), PackError> {
        if depth > DEEPEST {
            return Err(PackError::TooDeep);
        }
        for entry in folder.entries()? {
            let entry = entry?;
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(PackError::TooMany(self.limits.entries));
            }
            let name = entry.file_name();
            let place = path.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let Some(inner) = found(entry.open_dir())? else { continue };
                self.header(EntryType::Directory, &place, 0o755, 0, io::empty())?;
                self.folder(&inner, &place, depth + 1)?;
            } else if kind.is_file() {
                self.file(folder, Path::new(&name), &place)?;
            } else {
                self.left_out += 1;
            }
        }
        Ok(())
    }

    fn file(&mut self, folder: &Dir, name: &Path, place: &Path) -> Result<(), PackError> {
        // Somebody may have put a link or a pipe in its place since: neither is followed or waited for.
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(NO_FOLLOW | NO_WAIT);
        let Ok(Some(file)) = found(folder.open_with(name, &options)) else {
            self.left_out += 1;
            return Ok(());
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            self.left_out += 1;
            return Ok(());
        }
        let size = metadata.len();
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.bytes {
            return Err(PackError::TooLarge(self.limits.bytes));
        }
        let mode = if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        // The header promises a size: what grew is cut, what shrank is filled up.
        self.header(EntryType::Regular, place, mode, size, file.take(size).chain(io::repeat(0)).take(size))?;
        self.files += 1;
        Ok(())
    }

    fn header(&mut self, kind: EntryType, place: &Path, mode: u32, size: u64, content: impl io::Read) -> Result<(), PackError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        // Neither owners nor times mean anything elsewhere.
        header.set_mtime(0);
        self.builder.append_data(&mut header, place, content)?;
        Ok(())
    }
}

/// `O_NOFOLLOW` and `O_NONBLOCK` of Linux.
#[cfg(target_os = "linux")]
const NO_FOLLOW: i32 = 0o400_000;
#[cfg(target_os = "linux")]
const NO_WAIT: i32 = 0o4_000;
#[cfg(not(target_os = "linux"))]
const NO_FOLLOW: i32 = 0x100;
#[cfg(not(target_os = "linux"))]
const NO_WAIT: i32 = 0x4;

/// What is gone by now is nothing.
fn found<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Refuses to grow beyond a limit.
struct Bounded {
    bytes: Vec<u8>,
    most: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + bytes.len()) as u64 > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The one error of ours that travels through the writers.
fn as_size(error: PackError, limits: &ArchiveLimits) -> PackError {
    match error {
        PackError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => PackError::PackedTooLarge(limits.packed),
        other => other,
    }
}
