//! `cowork drill`: breaks things on purpose and checks that nobody was harmed.
//!
//! A drill starts a cluster of its own, puts it under load, injects faults, and judges: what the clients
//! saw and what the database holds must fit together, whatever happened in between. Any violation makes
//! the exit code 1.

mod campaign;
mod cluster;
mod dice;
mod failover;
mod faults;
mod fence_watch;
mod history;
mod http;
mod judge;
mod load;
mod machine;
mod options;
mod proxy;
mod report;
mod round;
mod target;

use clap::{Args, Subcommand};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  cowork drill failover                                 all faults, 20 rounds of each, on a cluster of its own
  cowork drill failover --faults kill --rounds 3        a quick look
  cowork drill failover --seed 42 --output json --keep  the same choices again, with everything written down";

/// Break a cluster on purpose and check that nothing is lost.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DrillArgs {
    #[command(subcommand)]
    drill: Drill,
}

#[derive(Debug, Subcommand)]
enum Drill {
    Failover(options::FailoverArgs),
}

/// Runs a drill and prints its report. Exit code 1 means that a promise was broken; an error, that the
/// drill could not be held.
pub(super) async fn run(args: DrillArgs) -> anyhow::Result<ExitCode> {
    match args.drill {
        Drill::Failover(args) => Box::pin(failover::run(args)).await,
    }
}
