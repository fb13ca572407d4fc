//! `cargo xtask up`: the whole cloud, here and now.

use crate::steps::{self, cargo};
use clap::Args;

/// Build and run the cloud with its defaults; further arguments go to `cowork serve`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Arguments of `cowork serve`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &UpArgs) -> anyhow::Result<()> {
    // A person looks at this one: lines to read instead of JSON.
    steps::run(
        cargo(&["run", "--release", "--bin", "cowork", "--", "serve"]).args(&args.arguments).env("OPEN_COWORK_CLOUD_LOG_FORMAT", "text"),
    )
}
