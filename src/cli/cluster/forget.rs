//! `cowork cluster forget`: strike a node that will not come back off the list.

use super::explained;
use crate::cli::ExitCode;
use clap::Args;
use cowork_client::Client;

const EXAMPLES: &str = "\
Examples:
  cowork cluster forget w1

Exit codes:
  0  it is forgotten
  1  it is alive or owns shards, there is none of this name, or nobody answered
  2  wrong usage";

/// Forget a node that is dead or left; its sessions were taken over long before.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ForgetArgs {
    /// Name of the node, as `cowork cluster status` shows it.
    node: String,
}

pub(super) async fn run(client: &Client, args: &ForgetArgs) -> anyhow::Result<ExitCode> {
    client.forget_node(&args.node).await.map_err(|error| explained(error, &format!("{} cannot be forgotten", args.node)))?;
    eprintln!("{} is forgotten", args.node);
    Ok(ExitCode::Success)
}
