//! `cowork org`: organisations, for whoever has the database.

mod create;
mod export;
mod list;
mod order;
mod show;

use super::{ExitCode, output};
use clap::{Args, Subcommand};
use cowork_actors::Clock;
use cowork_domain::org::OrgOrder;
use cowork_store::{Mandate, OrgRow};

const EXAMPLES: &str = "\
Examples:
  cowork org create acme --name \"Acme Inc.\" --owner kim@acme.example
  cowork org list
  cowork org freeze acme
  cowork org pause acme
  cowork org export acme > acme.json

These commands work on the database itself, with the rights of its operator; the audit log names them as the actor cli. A
running cloud heeds them at once.";

/// Make organisations, stop and resume them, and export what is known of them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct OrgArgs {
    #[command(subcommand)]
    command: OrgCommand,
}

#[derive(Debug, Subcommand)]
enum OrgCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    /// Let nobody in until `resume`; open streams end at once.
    Pause(order::OrderArgs),
    /// End a pause or a suspension.
    Resume(order::OrderArgs),
    /// Refuse changes with 503 until `unfreeze`; reading goes on.
    Freeze(order::OrderArgs),
    /// Take changes again.
    Unfreeze(order::OrderArgs),
    Export(export::ExportArgs),
}

pub(super) async fn run(args: OrgArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        OrgCommand::Create(create) => create::run(create).await,
        OrgCommand::List(list) => list::run(list).await,
        OrgCommand::Show(show) => show::run(show).await,
        OrgCommand::Pause(args) => order::run(args, OrgOrder::Pause).await,
        OrgCommand::Resume(args) => order::run(args, OrgOrder::Resume).await,
        OrgCommand::Freeze(args) => order::run(args, OrgOrder::Freeze).await,
        OrgCommand::Unfreeze(args) => order::run(args, OrgOrder::Unfreeze).await,
        OrgCommand::Export(export) => export::run(export).await,
    }
}

/// Who the audit log says it was.
fn mandate() -> Mandate {
    Mandate::operator("cli", Clock.nonce(), Clock.now())
}

/// One line per organisation.
fn table(orgs: &[OrgRow]) -> String {
    let mut table = output::table(&["ORG", "TENANT", "STATUS", "MEMBERS", "PLAN", "CREATED", "NAME"]);
    for org in orgs {
        table.add_row([
            org.org_id.as_str().escape_default().to_string(),
            org.tenant_id.as_str().escape_default().to_string(),
            org.status.as_str().to_owned(),
            org.active_members.to_string(),
            org.plan_key.clone().unwrap_or_else(|| "-".to_owned()),
            org.created_at.to_string(),
            // Names are people's: one with a line break must not look like two organisations.
            org.name.escape_default().to_string(),
        ]);
    }
    table.trim_fmt()
}
