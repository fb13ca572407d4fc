//! `cowork cluster drain`: take work away from a node, or give it back.

use super::explained;
use crate::cli::ExitCode;
use anyhow::Context;
use clap::Args;
use cowork_client::{Client, ClusterReport};
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  cowork cluster drain w1
  cowork cluster drain w1 --wait && systemctl stop cowork
  cowork cluster drain w1 --undo --wait

Exit codes:
  0  the node is told; with --wait, it is done
  1  nobody answered, or it was not done in time
  2  wrong usage";

/// Between two looks of `--wait`.
const PAUSE: Duration = Duration::from_millis(200);

/// Ask a node to hand its sessions to others; it goes on serving clients.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DrainArgs {
    /// Name of the node, as `cowork cluster status` shows it.
    node: String,
    /// Wait until the node owns nothing and everything has an owner; with --undo, until it owns something.
    #[arg(long)]
    wait: bool,
    /// Let the node own sessions again.
    #[arg(long)]
    undo: bool,
    /// Give up waiting after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u64,
}

pub(super) async fn run(client: &Client, args: &DrainArgs) -> anyhow::Result<ExitCode> {
    let draining = !args.undo;
    let failed = || format!("{} cannot be told", args.node);
    client.drain_node(&args.node, draining).await.map_err(|error| explained(error, &failed()))?;
    if !args.wait {
        eprintln!("{} is told; `cowork cluster status` shows how far it is", args.node);
        return Ok(ExitCode::Success);
    }
    let deadline = Instant::now() + Duration::from_secs(args.timeout);
    let mut told = None;
    loop {
        let last = match client.cluster().await {
            Ok(report) => {
                let progress = Progress::of(&report, args)?;
                if progress.done {
                    eprintln!("{}", progress.words);
                    return Ok(ExitCode::Success);
                }
                progress.words
            }
            // The cloud may be busy with just this.
            Err(error) if error.is_transient() => error.to_string(),
            Err(error) => return Err(explained(error, "the cluster's state cannot be read")),
        };
        if told.as_ref() != Some(&last) {
            eprintln!("{last}");
            told = Some(last);
        }
        anyhow::ensure!(Instant::now() < deadline, "it is not done after {} s", args.timeout);
        tokio::time::sleep(PAUSE).await;
    }
}

/// How far a node is.
#[derive(Debug, PartialEq, Eq)]
struct Progress {
    done: bool,
    words: String,
}

impl Progress {
    fn of(report: &ClusterReport, args: &DrainArgs) -> anyhow::Result<Self> {
        let node = report.node_named(&args.node).with_context(|| format!("{} is not in the cluster any more", args.node))?;
        let (owned, unowned) = (node.shards, report.shards.unowned);
        let done = if args.undo { owned > 0 } else { owned == 0 && unowned == 0 };
        let words = match (args.undo, unowned) {
            (false, 1..) if owned == 0 => format!("{} owns nothing; {unowned} shards are on their way to others", args.node),
            _ => format!("{} owns {owned} shards", args.node),
        };
        Ok(Self { done, words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn progress(owned: u64, unowned: u64, undo: bool) -> bool {
        let report: ClusterReport = serde_json::from_value(json!({
            "generatedAt": "2026-03-04T05:06:07.890Z", "node": "w2", "shardCount": 256, "leaseMs": 5000,
            "nodes": [{ "name": "w1", "address": "", "roles": ["worker"], "state": "draining", "leaseMsLeft": 1, "shards": owned, "link": null }],
            "shards": { "owned": 256 - unowned, "unowned": unowned },
        }))
        .unwrap();
        let args = DrainArgs { node: "w1".into(), wait: true, undo, timeout: 1 };
        Progress::of(&report, &args).unwrap().done
    }

    #[test]
    fn a_node_is_drained_when_others_have_what_it_had() {
        assert!(!progress(3, 0, false));
        assert!(!progress(0, 3, false), "its shards are nobody's yet: stopping now would make clients wait");
        assert!(progress(0, 0, false));
        assert!(!progress(0, 0, true) && progress(1, 0, true));
    }
}
