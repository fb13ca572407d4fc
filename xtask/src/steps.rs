//! Running programs, visibly.

use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the checkout, wherever the command was given.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lives in a folder of the workspace").to_owned()
}

/// A program that runs in the root of the checkout.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// What `cargo run` tells the program that it runs. Build scripts look at some of these (ring's does): handed on, they would make
/// every build from here differ from every build from a shell, and each would undo the other's work.
const OF_CARGO_RUN: [&str; 8] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Cargo, in the root of the checkout.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program("cargo", arguments);
    for variable in OF_CARGO_RUN {
        command.env_remove(variable);
    }
    command
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Announces and runs a command; its failure is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("`{line}` cannot be started"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

/// Installs a package of Debian, which needs root.
pub(crate) fn apt_install(package: &str) -> anyhow::Result<()> {
    let apt = |arguments: &[&str]| run(program("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-qq"])?;
    apt(&["install", "-qq", "--yes", "--no-install-recommends", package])
}

/// Runs a command and takes what it prints to standard output.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let line = shown(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("`{line}` cannot be started"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` did not print text"))
}

/// Whether a command exists and succeeds, without showing anything of it.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Builds the `cowork` program and says where it is.
pub(crate) fn build_cowork(release: bool) -> anyhow::Result<PathBuf> {
    let mut arguments = vec!["build", "--bin", "cowork", "--message-format=json-render-diagnostics"];
    if release {
        arguments.push("--release");
    }
    let mut command = cargo(&arguments);
    eprintln!("$ {}", shown(&command));
    let messages = output_of(&mut command)?;
    let executable = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find_map(|message| {
        let is_cowork = message["target"]["name"] == "cowork" && message["target"]["kind"][0] == "bin";
        is_cowork.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executable.context("cargo did not say where it put the cowork program")
}
