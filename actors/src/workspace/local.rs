//! Folders on this node's disk, and what is known of each. Everything here blocks.

use cap_std::{ambient_authority, fs::Dir};
use cowork_domain::ids::{Epoch, SessionId};
use cowork_objects::archive::{ArchiveLimits, Fingerprint, UnpackError, unpack};
use cowork_store::CheckpointVersion;
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Beside the folders: no session is called like this.
const NOTES: &str = ".checkpoints";
const INCOMING: &str = ".incoming";
const OUTGOING: &str = ".outgoing";

/// Which checkpoint a folder was when it was last kept or brought, and what it looked like then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    epoch: i64,
    command: u64,
    attempt: u32,
    pub(super) fingerprint: String,
}

impl Note {
    pub(super) fn new(version: CheckpointVersion, fingerprint: String) -> Self {
        Self { epoch: version.epoch.0, command: version.command, attempt: version.attempt, fingerprint }
    }

    pub(super) fn version(&self) -> CheckpointVersion {
        CheckpointVersion { epoch: Epoch(self.epoch), command: self.command, attempt: self.attempt }
    }
}

/// Where a session's files are.
pub(super) fn folder(root: &Path, session: SessionId) -> PathBuf {
    root.join(session.to_string())
}

pub(super) fn open(root: &Path, session: SessionId) -> io::Result<Dir> {
    Dir::open_ambient_dir(folder(root, session), ambient_authority())
}

/// A note that can't be read is none: then the folder counts as unknown, and the checkpoint as newer.
pub(super) fn read_note(root: &Path, session: SessionId) -> Option<Note> {
    let text = std::fs::read(root.join(NOTES).join(session.to_string())).ok()?;
    serde_json::from_slice(&text).ok()
}

pub(super) fn write_note(root: &Path, session: SessionId, note: &Note) -> io::Result<()> {
    let notes = root.join(NOTES);
    std::fs::create_dir_all(&notes)?;
    let draft = notes.join(format!("{session}.draft"));
    std::fs::write(&draft, serde_json::to_vec(note).expect("numbers and text always serialise"))?;
    std::fs::rename(draft, notes.join(session.to_string()))
}

/// Puts the content of an archive in the place of a folder. Whenever this ends, the folder is as it was, gone, or as packed;
/// a part is never seen.
pub(super) fn replace(
    root: &Path,
    session: SessionId,
    version: CheckpointVersion,
    archive: &[u8],
    limits: &ArchiveLimits,
) -> Result<(), UnpackError> {
    let (incoming, outgoing) = (root.join(INCOMING).join(session.to_string()), root.join(OUTGOING).join(session.to_string()));
    for leftover in [&incoming, &outgoing] {
        remove(leftover)?;
        std::fs::create_dir_all(leftover.parent().expect("it was joined to a folder"))?;
    }
    std::fs::create_dir(&incoming)?;
    let unpacked = Dir::open_ambient_dir(&incoming, ambient_authority())?;
    if let Err(error) = unpack(archive, &unpacked, limits) {
        remove(&incoming)?;
        return Err(error);
    }
    // Looked at before it moves: afterwards an agent may be at work.
    let fingerprint = Fingerprint::of(&unpacked, limits)?.to_text();
    drop(unpacked);
    let place = folder(root, session);
    match std::fs::rename(&place, &outgoing) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    std::fs::rename(&incoming, &place)?;
    write_note(root, session, &Note::new(version, fingerprint))?;
    remove(&outgoing)?;
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
