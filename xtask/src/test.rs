//! `cargo xtask test`: all tests, with one private PostgreSQL for all of them; then the page in a real browser.

use crate::postgres::Postgres;
use crate::steps::{self, cargo, succeeds};
use crate::web::Browser;
use clap::Args;

/// Run all tests; further arguments go to the test runner.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Don't test the page in a browser.
    #[arg(long)]
    no_web: bool,
    /// Arguments of `cargo nextest run` (or of `cargo test` where nextest is missing); without `-p` all packages are tested.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    let cowork = steps::build_cowork(false)?;
    // Kept until the end of this function: dropping it stops the server.
    let postgres = Postgres::start(&cowork)?;
    let mut command = if succeeds(&mut cargo(&["nextest", "--version"])) {
        cargo(&["nextest", "run"])
    } else {
        eprintln!("cargo-nextest is missing, cargo test runs instead: `cargo install --locked cargo-nextest` makes this faster");
        cargo(&["test"])
    };
    if !args.arguments.iter().any(|argument| argument == "-p" || argument.starts_with("--package")) {
        command.arg("--workspace");
    }
    command.args(&args.arguments).env("COWORK_TEST_DATABASE_URL", postgres.url());
    steps::run(&mut command)?;
    drop(postgres);
    // Who asks for some tests by name does not wait for a browser.
    if args.no_web || !args.arguments.is_empty() {
        return Ok(());
    }
    match Browser::find() {
        Ok(browser) => browser.run(&cowork, "web", &[]),
        Err(missing) => {
            eprintln!("the page was NOT tested in a browser: {missing:#}");
            Ok(())
        }
    }
}
