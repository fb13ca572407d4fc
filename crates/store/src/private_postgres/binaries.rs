//! Where `postgres` and `initdb` are.

use super::{PrivatePostgresError, download};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest major version that is known to work.
const OLDEST: u32 = 15;

/// Data that is there already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) folder: &'a Path,
    /// The major version that wrote it.
    pub(super) version: u32,
}

/// A folder with `postgres` and `initdb`.
#[derive(Debug)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    /// Major version.
    pub(super) version: u32,
}

impl Binaries {
    /// The server.
    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// What makes a data folder.
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    /// What [`Binaries::installed`] finds, or else a download.
    pub(super) fn find(named: Option<&Path>, data: Option<Data<'_>>) -> Result<Self, PrivatePostgresError> {
        match Self::installed(named, data)? {
            Some(found) => Ok(found),
            None => fetch(&folders())?.fit(data),
        }
    }

    /// Looks in the folder that was named, or else in `PG_BIN`, `PATH`, the distribution's folders (newest first) and what was
    /// downloaded before. With data of some version, only binaries of that version count.
    pub(super) fn installed(named: Option<&Path>, data: Option<Data<'_>>) -> Result<Option<Self>, PrivatePostgresError> {
        let from_env = super::environment::path("PG_BIN");
        if let Some(folder) = named.map(Path::to_owned).or(from_env) {
            let found = inspect(&folder).map_err(|reason| PrivatePostgresError::UnusableBinaries { folder, reason })?;
            return found.fit(data).map(Some);
        }
        let mut found: Vec<Self> = folders().iter().filter_map(|folder| inspect(folder).ok()).collect();
        let Some(Data { version, .. }) = data else { return Ok(found.into_iter().next()) };
        if let Some(matching) = found.iter().position(|binaries| binaries.version == version) {
            return Ok(Some(found.swap_remove(matching)));
        }
        found.into_iter().max_by_key(|binaries| binaries.version).map(|newest| newest.fit(data)).transpose()
    }

    /// Itself, if it can work with the data.
    fn fit(self, data: Option<Data<'_>>) -> Result<Self, PrivatePostgresError> {
        match data {
            Some(Data { folder, version }) if version != self.version => {
                Err(PrivatePostgresError::OtherVersion { folder: folder.to_owned(), data: version, binaries: self.version })
            }
            _ => Ok(self),
        }
    }
}

/// Where binaries may be, the first choice first.
fn folders() -> Vec<PathBuf> {
    let on_path = on_path("postgres").and_then(|program| program.parent().map(Path::to_owned));
    on_path.into_iter().chain(distribution_folders()).chain(download::cached()).collect()
}

/// The first program of this name on `PATH`.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = super::environment::path("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .and_then(|program| program.canonicalize().ok())
}

fn distribution_folders() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

fn inspect(folder: &Path) -> Result<Binaries, String> {
    if !folder.join("initdb").is_file() {
        return Err("`initdb` is missing".to_owned());
    }
    let output =
        Command::new(folder.join("postgres")).arg("--version").output().map_err(|error| format!("`postgres` does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`postgres` does not run: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = read_version(&text).ok_or_else(|| format!("it calls itself `{}`", text.trim()))?;
    if version < OLDEST {
        return Err(format!("it is version {version}; {OLDEST} or newer is needed"));
    }
    Ok(Binaries { folder: folder.to_owned(), version })
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)` and in `… 19beta1`.
fn read_version(text: &str) -> Option<u32> {
    let rest = text.split_once("(PostgreSQL) ")?.1;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn fetch(searched: &[PathBuf]) -> Result<Binaries, PrivatePostgresError> {
    let downloaded = download::fetch().and_then(|folder| inspect(&folder));
    downloaded.map_err(|download| {
        let folders: Vec<String> = searched.iter().map(|folder| folder.display().to_string()).collect();
        let searched = if folders.is_empty() {
            "looked in PATH and /usr/lib/postgresql".to_owned()
        } else {
            format!("looked in {}", folders.join(", "))
        };
        PrivatePostgresError::NoBinaries { searched, download }
    })
}

#[cfg(test)]
mod tests {
    use super::read_version;

    #[test]
    fn the_major_version_is_read_from_what_servers_say_of_themselves() {
        assert_eq!(read_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(read_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(read_version("postgres 15.18"), None);
    }
}
