//! `cargo xtask bench`: the budgets of the architecture, measured on this machine.
//!
//! One node with its private PostgreSQL, then three of them, a release build, authentication and admission on the path. The load
//! generator shares the machine: its own processor time is in the report.

mod budgets;
mod machine;
mod process;
mod report;
mod server;

use crate::steps::{self, cargo, output_of, program, root, shown};
use anyhow::Context;
use budgets::{FORGETFUL, IDLE_MS, JOURNAL, Run, SCENARIOS, Scenario, THREE_NODES, WEB_NODES};
use clap::Args;
use serde_json::Value;
use server::{Launcher, Server};
use std::{slice::from_ref, thread::sleep, time::Duration};

/// How long a server that has just started is left alone before it counts as idle: the memory that only its start needed goes back
/// to the system within a few seconds.
const REST: Duration = Duration::from_secs(10);

/// Measure the budgets and write a report to benches/results/.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Only the scenarios whose name contains this.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// How long each scenario measures.
    #[arg(long, default_value = "20s", value_name = "TIME")]
    duration: String,
}

pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let commit = machine::commit()?;
    let launcher = Launcher::new(steps::build_cowork(true)?)?;
    let wanted = |scenarios: &'static [Scenario]| {
        scenarios.iter().filter(|scenario| args.only.as_ref().is_none_or(|part| scenario.name.contains(part)))
    };
    let mut server = launcher.start(&[])?;
    sleep(REST);
    let mut runs = vec![Run::idle(server.usage()?)];
    for scenario in wanted(SCENARIOS) {
        runs.push(load(scenario, &launcher, from_ref(&server), &args.duration)?);
    }
    for scenario in wanted(JOURNAL) {
        runs.push(journal(scenario, server.usage()?)?);
    }
    let database = machine::database(launcher.cowork(), server.data_dir())?;
    server.stop()?;
    drop(server);
    for scenario in wanted(FORGETFUL) {
        let forgetful = launcher.start(&[("OPEN_COWORK_CLOUD_ACTOR_IDLE_MS", IDLE_MS)])?;
        runs.push(load(scenario, &launcher, from_ref(&forgetful), &args.duration)?);
    }
    for scenario in wanted(WEB_NODES) {
        let cluster = launcher.start_cluster(&["worker", "web", "web"])?;
        runs.push(load(scenario, &launcher, &cluster.nodes[1..], &args.duration)?);
    }
    for scenario in wanted(THREE_NODES) {
        let cluster = launcher.start_cluster(&["all-in-one"; 3])?;
        runs.push(load(scenario, &launcher, &cluster.nodes, &args.duration)?);
    }
    let report = report::Report { machine: machine::describe()?, commit, database, runs };
    let folder = root().join("benches/results").join(format!("{}-{}", today()?, report.commit.short));
    report.write(&folder)?;
    eprintln!("wrote {}", folder.strip_prefix(root()).unwrap_or(&folder).display());
    Ok(())
}

/// Puts servers under the load of a scenario; what the first one uses is looked at.
fn load(scenario: &Scenario, launcher: &Launcher, servers: &[Server], duration: &str) -> anyhow::Result<Run> {
    let (server, peers) = servers.split_first().context("a scenario needs a server")?;
    let mut arguments = vec!["load"];
    arguments.extend(scenario.arguments);
    let pid = server.pid().to_string();
    arguments.extend(["--url", server.url(), "--duration", duration, "--server-pid", &pid, "--output", "json"]);
    arguments.extend(peers.iter().flat_map(|peer| ["--peer-url", peer.url()]));
    let mut command = program(launcher.cowork(), &arguments);
    command.env("COWORK_LOAD_HEADER_SECRET", launcher.secret());
    let line = shown(&command).replace(&launcher.cowork().display().to_string(), "cowork");
    eprintln!("$ {line}");
    let before = server.usage()?;
    // A scenario that finds lost events or errors prints its report all the same and then fails: the report says so.
    let answer = command.stderr(std::process::Stdio::inherit()).output().with_context(|| format!("`{line}` cannot be started"))?;
    let after = server.usage().context("the server ended during a scenario")?;
    let result: Value =
        serde_json::from_slice(&answer.stdout).with_context(|| format!("`{line}` printed no report ({})", answer.status))?;
    Ok(Run { name: scenario.name, command: line, result, before, after })
}

/// Runs the store's own benchmark on a database of its own, beside the idle server.
fn journal(scenario: &Scenario, usage: process::Usage) -> anyhow::Result<Run> {
    let mut arguments = vec!["run", "--quiet", "--release", "--package", "cowork-store", "--example", "journal_bench", "--"];
    arguments.extend(scenario.arguments);
    arguments.push("--json");
    let mut command = cargo(&arguments);
    let line = shown(&command);
    eprintln!("$ {line}");
    let answer = output_of(&mut command)?;
    let result = serde_json::from_str(answer.trim()).with_context(|| format!("`{line}` printed no report"))?;
    Ok(Run { name: scenario.name, command: line, result, before: usage, after: usage })
}

fn today() -> anyhow::Result<String> {
    Ok(output_of(&mut program("date", &["-u", "+%F"]))?.trim().to_owned())
}
