//! `cowork audit`: prove the audit log.

mod verify;

use super::ExitCode;
use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cowork audit verify --all --database-url postgres://cowork@db/cowork
  cowork audit verify --org acme --expect-head 9f2c…

These commands read the database itself, so that they need not trust a running server. What is proved and what is not:
docs/audit.md.";

/// Prove that the audit log is as it was written.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Verify(verify::VerifyArgs),
}

pub(super) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        AuditCommand::Verify(verify) => verify::run(verify).await,
    }
}
