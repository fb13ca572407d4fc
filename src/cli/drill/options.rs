//! What can be said on the command line.

use super::faults::FaultKind;
use crate::cli::{
    load::options::{as_seconds, parse_duration},
    output::Output,
};
use clap::Args;
use serde::Serialize;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  cowork drill failover
  cowork drill failover --workers 5 --webs 3 --rate 100
  cowork drill failover --faults kill,freeze --rounds 3 --output json > drill.json
  cowork drill failover --url http://10.0.0.5:8787 http://10.0.0.6:8787 \\
      --database-url postgres://cowork@db/cowork --header-secret $SECRET

Exit codes:
  0  every promise was kept
  1  a promise was broken, a fault did not take place, or the drill could not be held
  2  wrong usage";

/// Kill, freeze and cut off nodes under load, and check every promise
///
/// The drill runs a cluster of its own on this machine: a private PostgreSQL in a temporary folder, workers and web
/// nodes of this program, with all connections between them through proxies that can be cut. With --url it puts a
/// cluster that runs already under load and judges it, without faults.
#[derive(Debug, Clone, Args, Serialize)]
#[command(after_help = EXAMPLES)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailoverArgs {
    /// Nodes that own sessions
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub(super) workers: u8,
    /// Nodes that serve clients
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub(super) webs: u8,
    /// How often each fault is injected
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) rounds: u32,
    /// Which faults, separated by commas; by default all (with --url: quiet)
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) faults: Vec<FaultKind>,
    /// Prompts a second
    #[arg(long, default_value_t = 50.0, value_parser = parse_rate)]
    pub(super) rate: f64,
    /// Sessions that are prompted
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) sessions: u32,
    /// How long a node counts as alive without a sign of life (2s to 60s)
    #[arg(long, default_value = "5s", value_parser = parse_lease)]
    #[serde(serialize_with = "as_seconds")]
    pub(super) lease: Duration,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Output::Table)]
    #[serde(skip)]
    pub(super) output: Output,
    /// Leave the folder with logs and data behind
    #[arg(long)]
    pub(super) keep: bool,
    /// Decides who is disturbed and what is said; the default is new each time
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// No progress on stderr
    #[arg(long)]
    #[serde(skip)]
    pub(super) quiet: bool,
    /// Web nodes of a running cluster to drill instead of one of our own
    #[arg(long, value_name = "URL", num_args = 1.., requires_all = ["database_url", "header_secret"])]
    pub(super) url: Vec<String>,
    /// The database of that cluster, which the judge reads
    #[arg(long, value_name = "URL", env = "OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", hide_env_values = true)]
    #[serde(skip)]
    pub(super) database_url: Option<String>,
    /// Secret for signed trusted headers of that cluster
    #[arg(long, value_name = "SECRET", env = "COWORK_LOAD_HEADER_SECRET", hide_env_values = true)]
    #[serde(skip)]
    pub(super) header_secret: Option<String>,
}

impl FailoverArgs {
    /// The faults to inject, each once, in the order in which they were named.
    pub(super) fn faults(&self) -> anyhow::Result<Vec<FaultKind>> {
        let mut faults = self.faults.clone();
        if faults.is_empty() {
            faults = if self.url.is_empty() { FaultKind::OF_A_CLUSTER.to_vec() } else { vec![FaultKind::Quiet] };
        }
        let mut once = Vec::new();
        for fault in faults {
            if !once.contains(&fault) {
                once.push(fault);
            }
        }
        if !self.url.is_empty()
            && let Some(fault) = once.iter().find(|fault| fault.needs_own_cluster())
        {
            anyhow::bail!("{} can't be done to a cluster that somebody else runs; with --url only quiet can be drilled", fault.as_str());
        }
        if self.workers < 2
            && let Some(fault) = once.iter().find(|fault| fault.needs_a_second_worker())
        {
            anyhow::bail!("{} needs a worker that takes over: raise --workers", fault.as_str());
        }
        Ok(once)
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected a number from 0.1 to 10000".to_owned()),
    }
}

fn parse_lease(text: &str) -> Result<Duration, String> {
    let lease = parse_duration(text)?;
    if (Duration::from_secs(2)..=Duration::from_secs(60)).contains(&lease) { Ok(lease) } else { Err("expected 2s to 60s".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: FailoverArgs,
    }

    fn faults(line: &[&str]) -> anyhow::Result<Vec<FaultKind>> {
        Line::try_parse_from(["drill"].iter().chain(line))?.args.faults()
    }

    #[test]
    fn only_what_can_be_done_is_accepted() {
        assert_eq!(faults(&[]).expect("all of them"), FaultKind::OF_A_CLUSTER);
        assert_eq!(faults(&["--faults", "freeze,kill,freeze"]).expect("two"), [FaultKind::Freeze, FaultKind::Kill]);
        let running = ["--url", "http://a", "http://b", "--database-url", "postgres://d", "--header-secret", "s"];
        assert_eq!(faults(&running).expect("load only"), [FaultKind::Quiet]);
        let refused = faults(&[&running[..], &["--faults", "kill"]].concat()).expect_err("not ours");
        assert!(refused.to_string().contains("kill"), "{refused}");
        assert!(faults(&["--workers", "1", "--faults", "kill"]).is_err(), "nobody takes over");
        assert!(faults(&["--url", "http://a"]).is_err(), "the judge needs the database");
        assert!(faults(&["--lease", "1s"]).is_err());
        assert!(faults(&["--rate", "0"]).is_err());
    }
}
