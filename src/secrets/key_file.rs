//! The opening key of a machine that was told nothing: made at the first start, and readable by its owner alone.

use anyhow::{Context, bail};
use cowork_domain::secret::Secret;
use cowork_secrets::sealing::OpeningKey;
use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// The key in the file, if there is one.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<OpeningKey>> {
    let unreadable = || format!("the opening key {} can't be read", path.display());
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(unreadable),
    };
    if file.metadata().with_context(unreadable)?.mode() & 0o077 != 0 {
        bail!("the opening key {} is readable by others: run chmod 600 on it", path.display());
    }
    let mut text = String::with_capacity(128);
    let read = file.read_to_string(&mut text);
    let text = Secret::new(text);
    read.with_context(unreadable)?;
    let key = OpeningKey::parse(&text).with_context(|| format!("the opening key {} can't be used", path.display()))?;
    Ok(Some(key))
}

/// Makes a key. Where another process was faster, its key is the one.
pub(super) fn make(path: &Path) -> anyhow::Result<OpeningKey> {
    let key = OpeningKey::generate();
    // It gets its name when all of it is on disk: whoever finds the file finds a whole key.
    let draft = path.with_extension(format!("draft.{}", std::process::id()));
    let written = write(&draft, &key).and_then(|()| std::fs::hard_link(&draft, path)).and_then(|()| keep_name(path));
    std::fs::remove_file(&draft).ok();
    match written {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.with_context(|| format!("the opening key {} went away while it was read", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("the opening key {} can't be made", path.display())),
    }
}

fn write(path: &Path, key: &OpeningKey) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(key.to_text().expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// A name is on disk when its folder is.
fn keep_name(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_machine_has_one_key_and_keeps_it_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opening.key");
        assert!(read(&path).unwrap().is_none());
        let made = make(&path).unwrap();
        assert_eq!(made.id(), read(&path).unwrap().unwrap().id());
        assert_eq!(made.id(), make(&path).unwrap().id(), "a key that stands is not replaced");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays behind");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).err().unwrap().to_string().contains("readable by others"));
    }
}
