//! An uploaded project as one object, and as a folder again.

use super::archive::ArchiveLimits;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt as _},
};
use cowork_domain::{project_source::check_path, timestamp::Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Write as _},
    path::Path,
};

/// The form that this program writes.
const VERSION: u32 = 1;

/// An uploaded project, as its object has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectDocument {
    version: u32,
    snapshot_id: String,
    #[serde(default)]
    title: Option<String>,
    created_at: Timestamp,
    files: Vec<ProjectFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectFile {
    /// Relative, with slashes.
    path: String,
    /// Whether its owner may run it.
    #[serde(default)]
    executable: bool,
    data_base64: String,
}

/// Why a document is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackProjectError {
    /// It is none, or of a form that this program doesn't know.
    #[error("the project snapshot can't be read")]
    Unreadable,
    /// Nobody may upload such a path, so somebody else wrote this.
    #[error("the project snapshot holds a path that none may")]
    UnsafePath,
    /// More than a workspace may hold.
    #[error("the project snapshot holds more than a workspace may")]
    TooLarge,
    /// The disk.
    #[error("the project snapshot can't be unpacked: {0}")]
    Io(#[from] io::Error),
}

impl ProjectFile {
    /// A file of these bytes.
    pub fn new(path: String, executable: bool, content: &[u8]) -> Self {
        Self { path, executable, data_base64: STANDARD.encode(content) }
    }
}

impl ProjectDocument {
    /// A project of these files.
    pub fn new(snapshot_id: String, title: Option<String>, created_at: Timestamp, files: Vec<ProjectFile>) -> Self {
        Self { version: VERSION, snapshot_id, title, created_at, files }
    }

    /// For keeping.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers always serialise")
    }

    /// Writes the files of a kept document into a folder, which should be empty, and returns how many. Every path is looked at again
    /// and resolved below the folder. After an error the folder holds a part.
    pub fn unpack(bytes: &[u8], folder: &Path, limits: &ArchiveLimits) -> Result<usize, UnpackProjectError> {
        let document: Self = serde_json::from_slice(bytes).map_err(|_| UnpackProjectError::Unreadable)?;
        if document.version != VERSION {
            return Err(UnpackProjectError::Unreadable);
        }
        let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
        let mut written = 0_u64;
        if document.files.len() > limits.entries {
            return Err(UnpackProjectError::TooLarge);
        }
        for file in &document.files {
            check_path(&file.path).map_err(|_| UnpackProjectError::UnsafePath)?;
            let content = STANDARD.decode(&file.data_base64).map_err(|_| UnpackProjectError::Unreadable)?;
            written = written.saturating_add(content.len() as u64);
            if written > limits.bytes {
                return Err(UnpackProjectError::TooLarge);
            }
            if let Some((parent, _)) = file.path.rsplit_once('/') {
                folder.create_dir_all(parent)?;
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(if file.executable { 0o755 } else { 0o644 });
            folder.open_with(&file.path, &options)?.write_all(&content)?;
        }
        Ok(document.files.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn document(files: Vec<ProjectFile>) -> Vec<u8> {
        let at = Timestamp::parse("2026-03-04T05:06:07.890Z").expect("a time");
        ProjectDocument::new("s1".into(), Some("x".into()), at, files).to_bytes()
    }

    #[test]
    fn a_project_comes_back_byte_for_byte_and_never_outside() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path();
        let limits = ArchiveLimits::default();
        let content: Vec<u8> = (0..=255).collect();
        let good = document(vec![
            ProjectFile::new("src/ä b.bin".into(), false, &content),
            ProjectFile::new("run.sh".into(), true, b"#!/bin/sh\n"),
            ProjectFile::new("none".into(), false, b""),
        ]);
        assert_eq!(ProjectDocument::unpack(&good, folder, &limits).expect("unpacked"), 3);
        assert_eq!(std::fs::read(place.path().join("src/ä b.bin")).expect("it is there"), content);
        let mode = |name: &str| std::fs::metadata(place.path().join(name)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode("run.sh") & 0o111, mode("none") & 0o111), (0o111, 0));

        let outside = tempfile::tempdir().expect("a folder");
        symlink(outside.path(), place.path().join("out")).expect("linked");
        for path in ["../x", "/x", "a/../../x", ".git/config", "out/x"] {
            let bad = document(vec![ProjectFile::new(path.into(), false, b"x")]);
            assert!(ProjectDocument::unpack(&bad, folder, &limits).is_err(), "{path}");
        }
        assert_eq!(std::fs::read_dir(outside.path()).expect("it is there").count(), 0);
        let few = ArchiveLimits { entries: 2, ..limits };
        assert!(matches!(ProjectDocument::unpack(&good, folder, &few), Err(UnpackProjectError::TooLarge)));
        assert!(matches!(ProjectDocument::unpack(b"{}", folder, &limits), Err(UnpackProjectError::Unreadable)));
    }
}
