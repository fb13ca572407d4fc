//! Programs that the cloud makes use of.

use super::Check;
use cowork_runtime::checkout::Git;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A program that says nothing for this long is taken as broken.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn checks(path: &[PathBuf]) -> Vec<Check> {
    let mut checks = vec![set_privileges(path), sandbox(path).await, git().await];
    checks.push(
        simple("npm", path, &["--version"], "needed only to download PostgreSQL where no package manager can: install Node.js").await,
    );
    checks
}

/// The private database refuses to run as root, and must end when we do.
fn set_privileges(path: &[PathBuf]) -> Check {
    const HINT: &str = "it belongs to util-linux: apt-get install util-linux";
    match find("setpriv", path) {
        Some(program) => Check::ok("setpriv", program.display().to_string()),
        None if nix::unistd::geteuid().is_root() => Check::missing("setpriv", "not found, and PostgreSQL does not run as root", HINT),
        None => Check::limited("setpriv", "not found: a killed server would leave its PostgreSQL behind until the next start", HINT),
    }
}

/// Present is not enough: many containers forbid the namespaces that it needs.
async fn sandbox(path: &[PathBuf]) -> Check {
    const NAME: &str = "bubblewrap";
    let Some(program) = find("bwrap", path) else {
        return Check::limited(NAME, "not found: agents get no bash tool", "apt-get install bubblewrap");
    };
    match first_line(&program, &["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]).await {
        Some(_) => Check::ok(NAME, program.display().to_string()),
        None => {
            Check::limited(NAME, "found, but it cannot make a sandbox here: agents get no bash tool", "allow unprivileged user namespaces")
        }
    }
}

/// The one that checkouts use, wherever else there may be another.
async fn git() -> Check {
    match Git::find().await {
        Some(git) => Check::ok("git", git.program().display().to_string()),
        None => Check::limited("git", "none of version 2.37 or newer: sessions can't work on repositories", "apt-get install git"),
    }
}

async fn simple(name: &'static str, path: &[PathBuf], arguments: &[&str], hint: &str) -> Check {
    let Some(program) = find(&name.to_lowercase(), path) else { return Check::limited(name, "not found", hint) };
    match first_line(&program, arguments).await {
        Some(version) => Check::ok(name, format!("{version} in {}", program.display())),
        None => Check::limited(name, format!("{} does not run", program.display()), hint),
    }
}

pub(super) fn find(program: &str, path: &[PathBuf]) -> Option<PathBuf> {
    path.iter().map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

/// The first line of a program's output, if it succeeds in time.
async fn first_line(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = tokio::process::Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, output).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
}
