//! What locks an OpenCode process in, and once more each command that its agents run.
//!
//! Two bubblewraps: the outer one shows OpenCode the system's programs, its own folders and the workspaces of its organisation; the
//! inner one shows a command the workspace of its session and nothing else: no network, no other process, an empty
//! environment. OpenCode itself holds its server's password; a command that could see OpenCode's process would hold it, too.

use nix::unistd::geteuid;
use std::{
    ffi::OsString,
    fmt::{self, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;

/// The parts of the system that programs need. `/etc`, `/home`, `/root` and `/var` are not among them: they may hold secrets.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives"];
/// Where programs are looked for, by us and by what runs inside.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Where OpenCode's own things are, as it sees them.
pub(super) const INSIDE: &str = "/opencode";
/// Where the organisation's workspaces are, as OpenCode sees them: always the same, because it binds a session to its path.
pub(super) const WORKSPACES: &str = "/workspace";
/// Users that belong to nobody else: one for each organisation that a node serves.
pub(super) const FIRST_UID: u32 = 2_200_000;
/// A program that says nothing for this long is taken as broken.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why OpenCode can't be locked in here, and so doesn't run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroundError {
    /// The platform has none of the means.
    #[error("agents are locked in by means of Linux, and this is another system")]
    NotLinux,
    /// A program is missing.
    #[error("{0} is missing ({1})")]
    Missing(&'static str, &'static str),
    /// The user of an agent can't execute the program.
    #[error("{} can't be executed by {}; install it where everybody may read it", .0.display(), .1)]
    Unreadable(PathBuf, AgentUser),
    /// The user of an agent can't get to its folders.
    #[error("{} can't be reached by {}; let everybody search it and the folders above it (chmod o+x)", .0.display(), .1)]
    Unreachable(PathBuf, AgentUser),
    /// The namespaces are forbidden.
    #[error("bubblewrap can't make a sandbox inside of a sandbox here; allow unprivileged user namespaces")]
    NoSandbox,
}

/// Whom agents run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentUser {
    /// Each organisation's as a user of its own.
    Own,
    /// All as the user of this process, which isn't root.
    Ours,
}

impl fmt::Display for AgentUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Own => "the users that agents get",
            Self::Ours => "the user that this program runs as",
        })
    }
}

/// How processes are locked in on this machine.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    /// Each organisation's process gets a user of its own, and a network of its own that we can reach into.
    pub(super) privileged: bool,
}

impl Ground {
    /// Tries it: where namespaces are switched off, everything is there and nothing works.
    pub(super) async fn try_out(program: &Path, directory: &Path) -> Result<Self, GroundError> {
        if !cfg!(target_os = "linux") {
            return Err(GroundError::NotLinux);
        }
        for (tool, package) in [("bwrap", "apt-get install bubblewrap"), ("setpriv", UTIL_LINUX), ("prlimit", UTIL_LINUX)] {
            if !PATH.split(':').any(|folder| Path::new(folder).join(tool).is_file()) {
                return Err(GroundError::Missing(tool, package));
            }
        }
        let ground = Self { privileged: geteuid().is_root() };
        let user = if ground.privileged { AgentUser::Own } else { AgentUser::Ours };
        let mut readable = ground.as_user(FIRST_UID, &Limits::default());
        readable.arg("test").arg("-x").arg(program);
        if !succeeds(readable).await {
            return Err(GroundError::Unreadable(program.to_owned(), user));
        }
        // What isn't there yet is made by us, and searchable.
        let existing = directory.ancestors().find(|folder| folder.exists()).unwrap_or(directory);
        let mut reachable = ground.as_user(FIRST_UID, &Limits::default());
        reachable.arg("test").arg("-x").arg(existing);
        if !succeeds(reachable).await {
            return Err(GroundError::Unreachable(existing.to_owned(), user));
        }
        let mut nested = ground.as_user(FIRST_UID, &Limits::default());
        nested.args(["/bin/bash", "-c", INFO, "bash"]).args(ground.outer()).args(inner()).args(["--", "/bin/true"]);
        if succeeds(nested).await { Ok(ground) } else { Err(GroundError::NoSandbox) }
    }

    /// A command that runs as an agent's user, within limits, and dies with us.
    pub(super) fn as_user(&self, uid: u32, limits: &Limits) -> Command {
        let mut command = Command::new("setpriv");
        command.env_clear().env("PATH", PATH).current_dir("/").kill_on_drop(true);
        if self.privileged {
            let user = uid.to_string();
            command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
        }
        command.args(["--no-new-privs", "--pdeathsig", "KILL", "prlimit", "--core=0", "--nofile=8192:8192"]);
        // Without a user of its own the limit would count our processes, too.
        if let Some(processes) = limits.processes.filter(|_| self.privileged) {
            command.arg(format!("--nproc={processes}:{processes}"));
        }
        command.args(["nice", "-n", "5"]);
        command
    }

    /// The outer bubblewrap with everything but the folders of the process.
    pub(super) fn outer(&self) -> Vec<OsString> {
        let mut arguments = words("--unshare-all --die-with-parent --new-session");
        if !self.privileged {
            // Nobody but root can reach into the network of another namespace.
            arguments.push("--share-net".into());
        }
        arguments.extend(system());
        arguments
    }
}

const UTIL_LINUX: &str = "apt-get install util-linux";

/// Starts the outer bubblewrap with the numbers of its namespaces on standard output, before the output of what runs inside.
pub(super) const INFO: &str = "umask 077; exec bwrap --info-fd 3 \"$@\" 3>&1";

/// Bounds on one process and its children.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// Processes and threads.
    pub(super) processes: Option<u64>,
}

fn words(text: &str) -> Vec<OsString> {
    text.split_ascii_whitespace().map(OsString::from).collect()
}

fn system() -> Vec<OsString> {
    let mut arguments = words("--proc /proc --dev /dev --tmpfs /tmp");
    for folder in SYSTEM {
        arguments.extend(["--ro-bind-try", folder, folder].map(OsString::from));
    }
    arguments
}

fn inner() -> Vec<OsString> {
    // Bubblewrap's own process stays visible inside, with the environment that it was started with: so it is started with none.
    let mut arguments = words("/usr/bin/env -i");
    arguments.push(format!("PATH={PATH}").into());
    arguments.extend(words("bwrap --unshare-all --die-with-parent --new-session"));
    arguments.extend(system());
    arguments
}

/// The shell that OpenCode's tool starts: it locks the command in before it runs it.
pub(super) fn shell() -> String {
    let mut script = format!(
        "#!/bin/sh\n\
         # Runs a command in the workspace of its session, and lets it see nothing else.\n\
         here=$(pwd -P)\n\
         case \"$here/\" in\n\
         {WORKSPACES}/?*) session=${{here#{WORKSPACES}/}}; session={WORKSPACES}/${{session%%/*}} ;;\n\
         *) echo 'commands run in the workspace only' >&2; exit 126 ;;\n\
         esac\n\
         ulimit -v 4194304; ulimit -f 1048576; ulimit -c 0\n\
         exec"
    );
    for argument in inner() {
        write!(script, " {}", argument.to_string_lossy()).expect("a string takes any text");
    }
    script.push_str(" --setenv LANG C.UTF-8 --setenv HOME \"$session\" --setenv TMPDIR /tmp");
    script.push_str(" --bind \"$session\" \"$session\" --chdir \"$here\" -- /bin/bash \"$@\"\n");
    script
}

async fn succeeds(mut command: Command) -> bool {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tokio::time::timeout(PATIENCE, ended).await.is_ok_and(|ended| ended.is_ok_and(|status| status.success()))
}
