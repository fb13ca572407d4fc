//! The `cowork` binary.

use clap::Parser;
use open_cowork_cloud::cli::{Cli, ExitCode};
use std::time::Duration;

/// The server makes and drops many small strings on many threads, which is what this allocator is good at.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long blocking work may go on after the program has its answer.
const STRAGGLERS: Duration = Duration::from_secs(2);

/// The runtime lives here and the program in `async_main`, so that every destructor in there has run before the process ends.
fn main() -> std::process::ExitCode {
    // Wrong usage ends in here with exit code 2, `--help` and `--version` with 0.
    let cli = Cli::parse();
    // Installed once for the process; a second provider would make rustls refuse to choose.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the async runtime cannot start: {error}");
            return ExitCode::Failure.into();
        }
    };
    let exit = runtime.block_on(async_main(cli));
    runtime.shutdown_timeout(STRAGGLERS);
    exit
}

/// Turns an error into words and an exit code.
async fn async_main(cli: Cli) -> std::process::ExitCode {
    match Box::pin(cli.run()).await {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::of(&error).into()
        }
    }
}
