//! How much lies in a folder.

use std::{fs, io, path::Path};

/// What was found before the look was over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) entries: usize,
    pub(super) bytes: u64,
}

/// Looks until there is more than may be. What vanishes meanwhile doesn't count.
pub(super) fn of(folder: &Path, most_entries: usize, most_bytes: u64) -> io::Result<Size> {
    let mut size = Size::default();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            size.entries += 1;
            if metadata.is_dir() {
                waiting.push(entry.path());
            } else {
                size.bytes = size.bytes.saturating_add(metadata.len());
            }
            if size.entries > most_entries || size.bytes > most_bytes {
                return Ok(size);
            }
        }
    }
    Ok(size)
}
