//! `cargo xtask check`: format, lints, documentation, dependencies.

use crate::steps::{self, cargo, succeeds};
use anyhow::bail;
use clap::Args;

/// The version whose configuration format `deny.toml` is written in.
const CARGO_DENY: &str = "0.18";

/// Check format, lints, documentation and dependencies.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Don't check the dependencies with cargo-deny.
    #[arg(long)]
    no_deny: bool,
}

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    steps::run(&mut cargo(&["fmt", "--check"]))?;
    steps::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    steps::run(
        cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]).env("RUSTDOCFLAGS", "-D rustdoc::broken_intra_doc_links"),
    )?;
    if args.no_deny {
        eprintln!("the dependencies are not checked (--no-deny)");
        return Ok(());
    }
    if !succeeds(&mut cargo(&["deny", "--version"])) {
        bail!("cargo-deny is missing: run `cargo install --locked cargo-deny@^{CARGO_DENY}`, or leave this check out with --no-deny");
    }
    steps::run(&mut cargo(&["deny", "check", "bans", "licenses", "sources"]))?;
    eprintln!("advisories are not checked here, because their database needs the network: `cargo deny check advisories`");
    Ok(())
}
