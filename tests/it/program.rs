//! The binary as a process: started in a clean environment, watched, ended.

use crate::server::PATIENCE;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

/// Between two looks at something that changes by itself.
pub(crate) const GLANCE: Duration = Duration::from_millis(20);

/// The binary under test, in a clean environment.
pub(crate) fn program() -> Command {
    in_clean_environment(Command::new(env!("CARGO_BIN_EXE_cowork")))
}

/// The same as another user. Only root can ask for it.
pub(crate) fn program_as(user: u32) -> Command {
    let user = user.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups", env!("CARGO_BIN_EXE_cowork")]);
    in_clean_environment(command)
}

/// The same where a program can't be had: what is in each of its places can't be executed. None where there is no way to do that.
pub(crate) fn program_without(name: &str) -> Option<Command> {
    let on_everything = || {
        let mut command = Command::new("bwrap");
        command.args(["--die-with-parent", "--dev-bind", "/", "/"]);
        command
    };
    on_everything().arg("true").output().ok().filter(|tried| tried.status.success())?;
    let mut command = on_everything();
    for place in ["/usr/local/bin", "/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name)).iter().filter(|place| place.exists()) {
        command.args(["--ro-bind", "/dev/null"]).arg(place.canonicalize().expect("it is there"));
    }
    command.arg(env!("CARGO_BIN_EXE_cowork"));
    Some(in_clean_environment(command))
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration; it passes on what a process can't do without")]
fn in_clean_environment(mut command: Command) -> Command {
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "PG_BIN"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs the binary to its end, which must come.
pub(crate) fn run(arguments: &[&str]) -> Finished {
    run_with(arguments, &[])
}

/// As [`run`], with more environment.
pub(crate) fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    let mut command = program();
    command.args(arguments).envs(environment.iter().copied());
    finish(command)
}

/// Runs a command to its end; one that goes on for too long is killed and fails the test.
pub(crate) fn finish(mut command: Command) -> Finished {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid fits"));
    let (done, waiting) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = waiting.recv_timeout(PATIENCE) else {
        kill(pid, Signal::SIGKILL).ok();
        panic!("{command:?} did not end");
    };
    Finished(output.expect("its output can be read"))
}

/// A process that came to its end.
#[derive(Debug)]
pub(crate) struct Finished(Output);

impl Finished {
    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("output is text")
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("output is text")
    }

    /// Fails with everything it said unless it ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self
    }
}

/// Waits for a process to end.
pub(crate) fn wait_for_end(child: &mut std::process::Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status;
        }
        assert!(Instant::now() < deadline, "the process did not end");
        std::thread::sleep(GLANCE);
    }
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident_bytes(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has resident memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// The server process of a private PostgreSQL in this data directory, as its own file tells.
pub(crate) fn postmaster(data_dir: &Path) -> Option<i32> {
    std::fs::read_to_string(data_dir.join("postgres/cluster/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// Whether a process is there and is no zombie.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(PathBuf::from(format!("/proc/{pid}/stat"))).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}
