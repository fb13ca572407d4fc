//! Runs of git.

use super::{
    CheckoutError,
    address::Pinned,
    credential::{HELPER, Handing, PIPE},
    measure,
};
use cowork_domain::project_source::CheckoutLimits;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    convert::Infallible,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// The first one that can be kept to an address.
const OLDEST: (u32, u32) = (2, 37);
/// Bounds that the shell sets for git and its children: address space in KiB, no core dumps.
const SHELL: &str = "ulimit -v 4194304; ulimit -c 0; exec \"$@\"";
/// Between two looks at how much there is.
const GLANCE: Duration = Duration::from_millis(100);
/// What is kept of git's words.
const WORDS: usize = 8 * 1024;
/// Git's own files of a repository, beside its objects.
const HOUSEHOLD: usize = 1000;

/// What every run is told. Each closes a way by which a repository, or its host, could make git do something else.
const SETTINGS: [&str; 21] = [
    "protocol.allow=never",
    "http.followRedirects=false",
    "http.proxy=",
    "http.sslVerify=true",
    // A host that says next to nothing for so long has gone.
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.fsmonitor=false",
    // A link becomes a small text, which leads nowhere.
    "core.symlinks=false",
    "core.autocrlf=false",
    "core.bigFileThreshold=16m",
    "pack.threads=1",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",
    "advice.detachedHead=false",
    // Forgets whatever stands before it.
    "credential.helper=",
];

/// The git of this machine.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
}

/// Where a run works.
pub(super) struct Ground<'a> {
    pub(super) scratch: &'a Path,
    pub(super) repository: &'a Path,
    pub(super) tree: &'a Path,
    pub(super) limits: &'a CheckoutLimits,
}

/// How the host is reached; without an address, it is this machine's disk.
pub(super) struct Protocol<'a> {
    pub(super) pinned: Option<&'a Pinned>,
    pub(super) authority: Option<&'a Path>,
}

impl Git {
    /// Finds one that is new enough: an older one would look the host up by itself.
    pub async fn find() -> Option<Self> {
        for folder in PATH.split(':') {
            let program = Path::new(folder).join("git");
            let mut asked = Command::new(&program);
            asked.arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
            let Ok(Ok(answer)) = tokio::time::timeout(Duration::from_secs(10), asked.output()).await else { continue };
            if version(&String::from_utf8_lossy(&answer.stdout)).is_some_and(|version| version >= OLDEST) {
                return Some(Self { program });
            }
        }
        None
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs one command to its end, or kills it when there is more on the disk than may be, or when this is dropped.
    pub(super) async fn run(
        &self,
        ground: &Ground<'_>,
        protocol: &Protocol<'_>,
        handing: Option<&Handing<'_>>,
        arguments: &[&str],
    ) -> Result<(), CheckoutError> {
        std::fs::create_dir_all(ground.repository)?;
        let mut command = self.command(ground, protocol, handing, arguments);
        let (mut child, group) = spawn(&mut command)?;
        let stderr = child.stderr.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        let ended = async {
            let words = read_some(stderr).await;
            (child.wait().await, words)
        };
        let (status, words) = tokio::select! {
            ended = ended => ended,
            never = serve(handing) => match never {},
            grown = outgrown(ground) => return Err(grown),
        };
        // Whatever still runs of it is of no use.
        drop(group);
        if status?.success() {
            return Ok(());
        }
        let failure = CheckoutError::of(&words);
        tracing::info!(step = arguments[0], code = failure.code().as_str(), "a repository could not be fetched");
        Err(failure)
    }

    fn command(&self, ground: &Ground<'_>, protocol: &Protocol<'_>, handing: Option<&Handing<'_>>, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SHELL, "sh"]).arg(&self.program);
        let mut settings: Vec<OsString> = SETTINGS.iter().map(OsString::from).collect();
        match protocol.pinned {
            None => settings.push("protocol.file.allow=always".into()),
            Some(pinned) => {
                settings.push("protocol.https.allow=always".into());
                settings.extend(pinned.resolved().map(|resolved| format!("http.curloptResolve={resolved}").into()));
            }
        }
        if let Some(authority) = protocol.authority {
            let mut setting = OsString::from("http.sslCAInfo=");
            setting.push(authority);
            settings.push(setting);
        }
        if handing.is_some() {
            settings.push(format!("credential.helper={HELPER}").into());
        }
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        match arguments[0] {
            "init" => command.current_dir(ground.repository),
            "checkout" => {
                command.arg("--literal-pathspecs").arg("--git-dir").arg(ground.repository).arg("--work-tree").arg(ground.tree);
                command.current_dir(ground.tree)
            }
            _ => command.arg("--git-dir").arg(ground.repository).current_dir(ground.repository),
        };
        command.args(arguments);
        confine(&mut command, ground.scratch, handing);
        command
    }
}

/// Nothing of our environment, and nothing to ask a person with.
fn confine(command: &mut Command, scratch: &Path, handing: Option<&Handing<'_>>) {
    command.env_clear();
    if let Some(handing) = handing {
        command.env(PIPE, handing.pipe());
    }
    command
        .env("PATH", PATH)
        .env("HOME", scratch)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "/bin/false")
        .env("GIT_LFS_SKIP_SMUDGE", "1")
        .env("GIT_SSH_COMMAND", "/bin/false")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
}

/// A child and everything that it starts.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = killpg(self.0, Signal::SIGKILL);
    }
}

fn spawn(command: &mut Command) -> io::Result<(Child, Group)> {
    let child = command.spawn()?;
    let leader = child.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    Ok((child, Group(Pid::from_raw(leader))))
}

async fn serve(handing: Option<&Handing<'_>>) -> Infallible {
    match handing {
        Some(handing) => handing.serve().await,
        None => std::future::pending().await,
    }
}

/// Ready when there is more than may be: objects and files may each take all that is allowed.
async fn outgrown(ground: &Ground<'_>) -> CheckoutError {
    let (entries, bytes) = (ground.limits.entries.saturating_add(HOUSEHOLD), ground.limits.bytes.saturating_mul(2));
    loop {
        tokio::time::sleep(GLANCE).await;
        let folder = ground.scratch.to_owned();
        let measured = tokio::task::spawn_blocking(move || measure::of(&folder, entries, bytes)).await;
        if let Ok(Ok(size)) = measured
            && (size.entries > entries || size.bytes > bytes)
        {
            return CheckoutError::TooLarge;
        }
    }
}

/// Keeps the first words and lets the rest go, so that a talkative host neither fills memory nor blocks.
async fn read_some(mut from: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    if (&mut from).take(WORDS as u64).read_to_end(&mut kept).await.is_ok() {
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The first two numbers of `git version 2.47.3`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split(['.', ' ', '\n']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_whatever_follows_it() {
        assert_eq!(version("git version 2.47.3\n"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("git version 2.5\n"), Some((2, 5)));
        assert_eq!(version("not git"), None);
    }
}
