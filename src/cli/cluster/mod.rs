//! `cowork cluster`: see who is in the cluster, and take nodes out of it.

mod drain;
mod forget;
mod status;

use super::ExitCode;
use super::connection::ConnectionArgs;
use clap::{Args, Subcommand};
use cowork_client::ClientError;

const EXAMPLES: &str = "\
Examples:
  cowork cluster status
  cowork cluster status --output json | jq '.nodes[] | {name, state, shards}'
  cowork cluster drain w1 --wait && systemctl stop cowork
  cowork cluster drain w1 --undo
  cowork cluster forget w1

Any node that serves clients answers. Where the cloud authenticates people, operators show the token
that OPEN_COWORK_CLOUD_OPERATOR_TOKEN gives to its nodes: COWORK_BEARER=… or --bearer.";

/// Show the nodes of a running cluster, and take nodes out of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ClusterArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(subcommand)]
    command: ClusterCommand,
}

#[derive(Debug, Subcommand)]
enum ClusterCommand {
    Status(status::StatusArgs),
    Drain(drain::DrainArgs),
    Forget(forget::ForgetArgs),
}

pub(super) async fn run(args: ClusterArgs) -> anyhow::Result<ExitCode> {
    let client = args.connection.client()?;
    match args.command {
        ClusterCommand::Status(status) => status::run(&client, &status).await,
        ClusterCommand::Drain(drain) => drain::run(&client, &drain).await,
        ClusterCommand::Forget(forget) => forget::run(&client, &forget).await,
    }
}

/// What failed, with what to do about it where that is known.
fn explained(error: ClientError, otherwise: &str) -> anyhow::Error {
    match error.status().map(|status| status.as_u16()) {
        Some(401 | 403) => {
            anyhow::Error::new(error).context("only operators may do this: give the operator token with --bearer or COWORK_BEARER")
        }
        Some(404) if error.code() == Some("node.serves_no_clients") => {
            anyhow::Error::new(error).context("this node answers no commands: give the address of a web or all-in-one node with --url")
        }
        _ => anyhow::Error::new(error).context(otherwise.to_owned()),
    }
}
