//! `cowork token`: API tokens, for whoever has the database.

mod create;
mod list;
mod revoke;

use super::{ExitCode, database::Database, settings::SettingArgs};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use cowork_domain::audit::AuditActor;
use cowork_store::Store;

const EXAMPLES: &str = "\
Examples:
  cowork token create --org acme --account kim --name laptop --scope desktop --ttl 30d
  cowork token list --org acme
  cowork token revoke --org acme tok_U1-vi_PFpK8XjLnq
  cowork token revoke --org acme --account kim

These commands work on the database itself, with the rights of its operator; the audit log names them as the actor cli. A
running cloud heeds a revocation at once.";

/// Issue, list and revoke API tokens.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
}

pub(super) async fn run(args: TokenArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        TokenCommand::Create(create) => create::run(create).await,
        TokenCommand::List(list) => list::run(list).await,
        TokenCommand::Revoke(revoke) => revoke::run(revoke).await,
    }
}

/// Who the audit log says it was.
fn actor() -> AuditActor {
    AuditActor::system("cli")
}

/// The database, if this program knows its schema.
async fn open(settings: SettingArgs) -> anyhow::Result<(Database, crate::config::Config)> {
    let loaded = settings.load()?;
    let database = Database::open(&loaded.config.storage).await?;
    match is_current(&database.store).await {
        Ok(()) => Ok((database, loaded.config)),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

async fn is_current(store: &Store) -> anyhow::Result<()> {
    let status = store.migration_status().await.context("the state of the database cannot be read")?;
    if !status.is_current() {
        bail!("the database is older than this program: run cowork migrate first");
    }
    Ok(())
}
