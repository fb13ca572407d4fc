//! `cowork doctor`: what this machine has and what it lacks.

mod machine;
mod opencode;
mod postgres;
mod programs;

use super::ExitCode;
use super::output::{self, Output};
use super::settings::SettingArgs;
use crate::config::Environment;
use clap::Args;
use serde::Serialize;
use std::fmt::Write;

const EXAMPLES: &str = "\
Examples:
  cowork doctor
  cowork doctor --output json | jq '.[] | select(.state != \"ok\")'";

/// Check what the cloud needs on this machine; exit code 1 when something required is missing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Something works less well, or not at all, without which the cloud can live.
    Limited,
    /// The cloud can't run.
    Missing,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), hint: None }
    }

    fn limited(name: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Limited, found: found.into(), hint: Some(hint.into()) }
    }

    fn missing(name: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, state: State::Missing, found: found.into(), hint: Some(hint.into()) }
    }
}

pub(super) async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let config = args.settings.load()?.config;
    let path = Environment::of_process().program_path();
    let mut checks = vec![postgres::check(&config.storage, &path).await, machine::data_dir(&config.storage.data_dir)];
    checks.push(machine::port(config.server.listen).await);
    checks.push(machine::open_files(config.server.max_connections));
    checks.extend(programs::checks(&path).await);
    checks.push(opencode::check(&config, &path).await);
    let failed = checks.iter().any(|check| check.state == State::Missing);
    match args.output {
        Output::Json => output::print_json(&checks)?,
        Output::Table => output::print(&as_lines(&checks))?,
    }
    Ok(if failed { ExitCode::Failure } else { ExitCode::Success })
}

fn as_lines(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let mark = match check.state {
            State::Ok => '✓',
            State::Limited => '!',
            State::Missing => '✗',
        };
        writeln!(text, "{mark} {}: {}", check.name, check.found).expect("a string takes any text");
        if let Some(hint) = &check.hint {
            writeln!(text, "    {hint}").expect("a string takes any text");
        }
    }
    text
}
