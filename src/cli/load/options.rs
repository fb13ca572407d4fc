//! What all scenarios have in common on the command line.

use crate::cli::connection::ConnectionArgs;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::time::Duration;

/// Options of all scenarios.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommonArgs {
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) connection: ConnectionArgs,
    /// Further nodes of the same cloud; repeatable. Users ask the nodes by turns, and follow their sessions on the next one
    #[arg(long = "peer-url", global = true, value_name = "URL")]
    pub(super) peer_urls: Vec<String>,
    /// Secret for signed trusted headers; without it everything runs as the one user that the cloud sees
    #[arg(
        long,
        global = true,
        env = "COWORK_LOAD_HEADER_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        conflicts_with = "bearer"
    )]
    #[serde(skip)]
    pub(super) header_secret: Option<String>,
    /// Organisations of the population
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) orgs: u32,
    /// Users of each organisation
    #[arg(long, global = true, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) users_per_org: u32,
    /// Sessions of each user
    #[arg(long, global = true, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) sessions_per_user: u32,
    /// Name of the population; the default is new with each run, so that each run finds empty logs
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) tag: Option<String>,
    /// How long to measure (30s, 2m, 500ms)
    #[arg(long, global = true, default_value = "10s", value_parser = parse_duration)]
    #[serde(serialize_with = "as_seconds")]
    pub(super) duration: Duration,
    /// How long to run before measuring
    #[arg(long, global = true, default_value = "2s", value_parser = parse_duration)]
    #[serde(serialize_with = "as_seconds")]
    pub(super) warmup: Duration,
    /// How long to wait at the end for what is still under way; what is missing then is an error
    #[arg(long, global = true, default_value = "15s", value_parser = parse_duration)]
    #[serde(serialize_with = "as_seconds")]
    pub(super) drain: Duration,
    /// Process id of the server on this machine, to report its CPU and memory (Linux only)
    #[arg(long, global = true, value_name = "PID")]
    pub(super) server_pid: Option<u32>,
    /// How to print the report
    #[arg(id = "load-output", long = "output", global = true, value_enum, default_value_t = OutputFormat::Table)]
    #[serde(skip)]
    pub(super) output: OutputFormat,
    /// No progress on stderr
    #[arg(long, global = true)]
    #[serde(skip)]
    pub(super) quiet: bool,
    /// Share of failed attempts from which on the exit code is 1
    #[arg(long, global = true, default_value_t = 0.0, value_name = "SHARE")]
    pub(super) max_error_ratio: f64,
}

impl CommonArgs {
    /// All nodes' base URLs.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.connection.url).chain(&self.peer_urls).map(String::as_str)
    }
}

/// How to print the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Reads `500ms`, `30s`, `2m` or `1h`; a bare number is seconds.
pub(in crate::cli) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds_per_unit = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("unknown unit `{unit}`; use ms, s, m or h")),
    };
    let number: f64 = number.parse().map_err(|_| "expected a number with a unit, such as 30s".to_owned())?;
    Duration::try_from_secs_f64(number * seconds_per_unit).map_err(|error| error.to_string())
}

pub(in crate::cli) fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("7"), Ok(Duration::from_secs(7)));
        for wrong in ["", "s", "3 days", "-1s", "1.2.3s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
