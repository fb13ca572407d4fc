//! The real OpenCode, as tests get it.

use cowork_runtime::opencode::{self, Search};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The version that is installed where there is none.
const PACKAGE: &str = "opencode-ai@1.18.33";

/// The program: the one in `OPENCODE_BIN`, one that is installed, or one that npm brings into the cache. Without any of them, or
/// where it can't be locked in, the reason is printed and the test is as good as skipped.
#[expect(clippy::disallowed_methods, reason = "which program is tested is a matter of the environment")]
pub(crate) async fn program(directory: &Path) -> Option<PathBuf> {
    let search = Search {
        named: env::var_os("OPENCODE_BIN").map(PathBuf::from),
        path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
        project: Some(env!("CARGO_MANIFEST_DIR").into()),
    };
    let found =
        opencode::find(&search).map_err(|error| error.to_string()).or_else(|error| installed().map_err(|npm| format!("{error}; {npm}")));
    let program = match found {
        Ok(program) => program,
        Err(reason) => return skipped(&reason),
    };
    match opencode::try_out(&program, directory).await {
        Ok(_) => Some(program),
        Err(error) => skipped(&error.to_string()),
    }
}

fn skipped(reason: &str) -> Option<PathBuf> {
    eprintln!("skipped: {reason}");
    None
}

/// Installs it once; tests that come at the same time each install their own, and the first one's stays.
fn installed() -> Result<PathBuf, String> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = cache.join(PACKAGE);
    let search = Search { project: Some(folder.clone()), ..Search::default() };
    if !folder.is_dir() {
        fs::create_dir_all(cache).map_err(|error| error.to_string())?;
        let fresh = tempfile::Builder::new().prefix("opencode-").tempdir_in(cache).map_err(|error| error.to_string())?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", PACKAGE]).current_dir(fresh.path()).stdin(Stdio::null());
        let output = npm.output().map_err(|error| format!("npm can't be run: {error}"))?;
        if !output.status.success() {
            return Err(format!("npm could not install it: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let fresh = fresh.keep();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&fresh, open).map_err(|error| error.to_string())?;
        if fs::rename(&fresh, &folder).is_err() {
            fs::remove_dir_all(&fresh).ok();
        }
    }
    opencode::find(&search).map_err(|error| error.to_string())
}
