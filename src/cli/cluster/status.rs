//! `cowork cluster status`: one line per node.

use super::explained;
use crate::cli::{
    ExitCode,
    output::{self, Output},
};
use clap::Args;
use cowork_client::{Client, ClusterNode, ClusterReport, NodeState};
use std::{
    io::{self, IsTerminal},
    time::Duration,
};

const EXAMPLES: &str = "\
Examples:
  cowork cluster status
  cowork cluster status --watch
  cowork cluster status --output json | jq '.shards.unowned'

Exit codes:
  0  every shard has an owner
  1  some have none, or nobody answered";

/// Between two looks of `--watch`.
const PAUSE: Duration = Duration::from_secs(1);

/// Show the nodes of the cluster: role, state, shards, lease and link.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StatusArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    /// Look again each second until interrupted; with json, one line per look.
    #[arg(long)]
    watch: bool,
}

pub(super) async fn run(client: &Client, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    if !args.watch {
        let report = look(client).await?;
        match args.output {
            Output::Json => output::print_json(&report)?,
            Output::Table => {
                output::print(&table(&report))?;
                eprintln!("{}", summary(&report));
            }
        }
        return Ok(if report.shards.unowned == 0 { ExitCode::Success } else { ExitCode::Failure });
    }
    loop {
        match look(client).await {
            Ok(report) if args.output == Output::Json => output::print(&serde_json::to_string(&report)?)?,
            Ok(report) => output::print(&format!("{}{}\n{}", clear(), summary(&report), table(&report)))?,
            // Watching goes on through what it is there to watch.
            Err(error) => eprintln!("{error:#}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(client: &Client) -> anyhow::Result<ClusterReport> {
    client.cluster().await.map_err(|error| explained(error, "the cluster's state cannot be read"))
}

/// Back to the top of an empty screen, where there is one.
fn clear() -> &'static str {
    if io::stdout().is_terminal() { "\x1b[2J\x1b[H" } else { "" }
}

fn summary(report: &ClusterReport) -> String {
    let (owned, all) = (report.shards.owned, report.shard_count);
    format!("{owned} of {all} shards have an owner; lease {} ms; {} answered", report.lease_ms, report.node)
}

fn table(report: &ClusterReport) -> String {
    let mut table = output::table(&["NODE", "ROLE", "STATE", "SHARDS", "LEASE", "LINK", "ROUND TRIP", "ADDRESS"]);
    for node in &report.nodes {
        table.add_row([
            node.name.clone(),
            node.roles.join(","),
            state(node.state).to_owned(),
            node.shards.to_string(),
            format!("{} ms", node.lease_ms_left),
            link(node, node.name == report.node),
            node.link.as_ref().and_then(|link| link.round_trip_us).map_or_else(|| "-".to_owned(), |micros| format!("{micros} µs")),
            if node.address.is_empty() { "-".to_owned() } else { node.address.clone() },
        ]);
    }
    table.trim_fmt()
}

fn link(node: &ClusterNode, answered: bool) -> String {
    match &node.link {
        None if answered => "(itself)".to_owned(),
        None => "-".to_owned(),
        Some(link) => match &link.reason {
            Some(reason) => format!("{}: {reason}", link.state),
            None => link.state.clone(),
        },
    }
}

const fn state(state: NodeState) -> &'static str {
    match state {
        NodeState::Live => "live",
        NodeState::Draining => "draining",
        NodeState::Dead => "dead",
        NodeState::Left => "left",
        NodeState::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_node_has_a_line_and_a_refused_link_says_why() {
        let node = |name: &str, shards: u64, link: serde_json::Value| {
            json!({ "name": name, "node": 1, "incarnation": 3, "address": "10.0.0.5:7946", "roles": ["worker"], "state": "live",
                "leaseMsLeft": 4200, "shards": shards, "link": link })
        };
        let report: ClusterReport = serde_json::from_value(json!({
            "generatedAt": "2026-03-04T05:06:07.890Z", "node": "web1", "shardCount": 256, "leaseMs": 5000,
            "nodes": [
                node("w1", 170, json!({ "peer": "w1", "state": "up", "reason": null, "roundTripUs": 180 })),
                node("w2", 0, json!({ "peer": "w2", "state": "refused", "reason": "wrong secret", "roundTripUs": null })),
                node("web1", 0, json!(null)),
            ],
            "shards": { "owned": 170, "unowned": 86 }, "lastMoves": [], "followedLogs": 2, "pushLagUs": null,
        }))
        .unwrap();
        let text = table(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[1].contains("w1") && lines[1].contains("170") && lines[1].contains("180 µs"), "{text}");
        assert!(lines[2].contains("refused: wrong secret"), "{text}");
        assert!(lines[3].contains("(itself)"), "{text}");
        assert_eq!(summary(&report), "170 of 256 shards have an owner; lease 5000 ms; web1 answered");
        assert_eq!(serde_json::to_value(&report).unwrap()["followedLogs"], 2, "programs get what this version does not know, too");
    }
}
