//! `cowork private-postgres`: the private database alone, for tests and for looking into a stopped server's data.

use super::ExitCode;
use super::output;
use anyhow::Context;
use clap::Args;
use cowork_store::{PrivatePostgres, PrivatePostgresOptions};
use std::io;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Run the private PostgreSQL alone, print its URL, and stop it when standard input ends.
#[derive(Debug, Args)]
pub(super) struct PrivatePostgresArgs {
    /// Folder of the database.
    #[arg(long, value_name = "DIR", required_unless_present = "temporary")]
    folder: Option<PathBuf>,
    /// Use a new folder and remove it at the end. Nothing is forced to the disk.
    #[arg(long, conflicts_with = "folder")]
    temporary: bool,
}

pub(super) async fn run(args: PrivatePostgresArgs) -> anyhow::Result<ExitCode> {
    let folder = args.folder.unwrap_or_else(|| std::env::temp_dir().join(format!("cowork-postgres-{}", std::process::id())));
    let pg_bin = crate::config::Environment::of_process().get("PG_BIN").map(PathBuf::from);
    let options = PrivatePostgresOptions { data_dir: folder.clone(), pg_bin };
    let started = if args.temporary { PrivatePostgres::start_disposable(options).await } else { PrivatePostgres::start(options).await };
    let server = started.context("the private PostgreSQL does not start")?;
    output::print(server.url())?;
    end_of_use().await?;
    server.stop().await;
    if args.temporary {
        tokio::fs::remove_dir_all(&folder).await.with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(ExitCode::Success)
}

/// Whoever started us holds the other end of standard input: when they end, in whatever way, so does it.
async fn end_of_use() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let input = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = input => {}
    }
    Ok(())
}
