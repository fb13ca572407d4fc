//! Where the OpenCode program is.
//!
//! npm installs `opencode-ai` with the program for this machine in a package beside it. What stands in the search path is that program
//! itself or, in some versions, a script that starts it; the script needs Node.js and more of the file system than a sandbox
//! shows, so the program behind it is looked for.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// What npm calls the package.
const PACKAGE: &str = "opencode-ai";

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The program that the operator names; nothing else is looked at then.
    pub named: Option<PathBuf>,
    /// The directories of the search path.
    pub path: Vec<PathBuf>,
    /// A folder whose `node_modules`, and those of the folders above, are looked at.
    pub project: Option<PathBuf>,
}

/// Why there is no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// Nothing was found.
    #[error("OpenCode is not installed (npm install -g opencode-ai)")]
    Missing,
    /// What the operator names is not it.
    #[error("{} is not the OpenCode program", .0.display())]
    NotAProgram(PathBuf),
    /// What the operator names can't even be looked at.
    #[error("{} can't be read by the user that this program runs as: {}", .0.display(), .1)]
    Unreadable(PathBuf, ErrorKind),
    /// The script is there without the program.
    #[error("{} starts a program that npm did not install for this machine (npm install -g opencode-ai, with optional dependencies)", .0.display())]
    ScriptOnly(PathBuf),
}

/// Finds the program: as named, in the search path, in a `node_modules` from the project upwards, in npm's global folder.
pub fn find(search: &Search) -> Result<PathBuf, BinaryError> {
    if let Some(named) = &search.named {
        return resolve(named).ok_or_else(|| match File::open(named) {
            Err(error) => BinaryError::Unreadable(named.clone(), error.kind()),
            Ok(_) => BinaryError::NotAProgram(named.clone()),
        });
    }
    let in_path = search.path.iter().map(|folder| folder.join("opencode"));
    let in_project = search.project.iter().flat_map(|folder| folder.ancestors()).map(|folder| folder.join("node_modules/.bin/opencode"));
    // npm's global packages lie beside the folder that npm itself is in.
    let beside_npm = search.path.iter().filter(|folder| folder.join("npm").exists()).filter_map(|folder| folder.parent());
    let global = beside_npm.map(Path::to_path_buf).chain(["/usr", "/usr/local"].map(PathBuf::from));
    let global = global.map(|prefix| prefix.join("lib/node_modules").join(PACKAGE).join("bin/opencode"));
    let mut script = None;
    for candidate in
        in_path.chain(in_project).chain(global).filter(|candidate| candidate.is_file() || candidate.with_extension("exe").is_file())
    {
        if let Some(program) = resolve(&candidate) {
            return Ok(program);
        }
        script.get_or_insert(candidate);
    }
    Err(script.map_or(BinaryError::Missing, BinaryError::ScriptOnly))
}

/// The program itself, behind links and scripts.
fn resolve(candidate: &Path) -> Option<PathBuf> {
    let candidates = [candidate.to_path_buf(), candidate.with_extension("exe")];
    candidates.iter().filter_map(|candidate| candidate.canonicalize().ok()).find_map(|candidate| {
        if is_program(&candidate) {
            return Some(candidate);
        }
        behind_script(&candidate).into_iter().find(|program| is_program(program))
    })
}

/// `…/node_modules/opencode-ai/bin/opencode` starts a program from a package beside `opencode-ai` or inside of it.
fn behind_script(script: &Path) -> Vec<PathBuf> {
    let Some(package) = script.parent().and_then(Path::parent).filter(|package| package.ends_with(PACKAGE)) else { return Vec::new() };
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let libc = if cfg!(target_env = "musl") { "-musl" } else { "" };
    let names = [format!("opencode-linux-{arch}{libc}"), format!("opencode-linux-{arch}-baseline{libc}")];
    let folders = [package.parent().map(Path::to_path_buf), Some(package.join("node_modules"))];
    let places = folders
        .into_iter()
        .flatten()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name).join("bin/opencode")).collect::<Vec<_>>());
    std::iter::once(package.join("bin/opencode.exe")).chain(places).collect()
}

fn is_program(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    fn put(path: &Path, content: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn an_npm_install_is_found_however_it_links_its_program() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let modules = root.join("project/node_modules");
        put(&modules.join("opencode-ai/bin/opencode"), b"#!/usr/bin/env node\n");
        fs::create_dir_all(modules.join(".bin")).unwrap();
        symlink("../opencode-ai/bin/opencode", modules.join(".bin/opencode")).unwrap();
        let inside = root.join("project/a/b");
        fs::create_dir_all(&inside).unwrap();
        let search = Search { project: Some(inside), ..Search::default() };
        assert!(matches!(find(&search), Err(BinaryError::ScriptOnly(_))));

        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
        let program = modules.join(format!("opencode-linux-{arch}/bin/opencode"));
        put(&program, b"\x7fELF program");
        assert_eq!(find(&search), Ok(program));

        let direct = root.join("prefix/lib/node_modules/opencode-ai/bin/opencode.exe");
        put(&direct, b"\x7fELF program");
        put(&root.join("prefix/bin/npm"), b"");
        assert_eq!(find(&Search { path: vec![root.join("prefix/bin")], ..Search::default() }), Ok(direct));
    }

    #[test]
    fn what_is_named_must_be_a_program() {
        let named = PathBuf::from("/etc/hostname");
        let search = Search { named: Some(named.clone()), ..Search::default() };
        assert_eq!(find(&search), Err(BinaryError::NotAProgram(named)));
        let absent = PathBuf::from("/nowhere/opencode");
        let search = Search { named: Some(absent.clone()), ..Search::default() };
        assert_eq!(find(&search), Err(BinaryError::Unreadable(absent, ErrorKind::NotFound)));
    }
}
