//! A folder as one object: tar, compressed.
//!
//! Packing and unpacking both trust nobody: agents fill the folder, and an archive comes from a store that others can reach.
//! Every path is resolved by `cap-std` below an open folder, so neither `..` nor an absolute path nor a symbolic link leads out;
//! links and special files are left out on the way in and refused on the way back; and everything is bounded.

mod fingerprint;
mod pack;
mod unpack;

pub use fingerprint::Fingerprint;
pub use pack::{PackError, Packed, pack};
pub use unpack::{UnpackError, unpack};

/// Bounds on a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Bytes of the archive.
    pub packed: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { entries: 20_000, bytes: 512 << 20, packed: 128 << 20 }
    }
}

/// How deep folders may nest.
const DEEPEST: usize = 64;
