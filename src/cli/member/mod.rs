//! `cowork member`: the members of an organisation, for whoever has the database.

mod add;
mod change;
mod list;

use super::{
    ExitCode,
    output::{self, Output},
};
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use cowork_actors::Clock;
use cowork_domain::{ids::OrgId, membership::MemberRecord, principal::Role};
use cowork_store::{Mandate, Store};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cowork member list --org acme
  cowork member add --org acme kim@acme.example --as admin
  cowork member set-role --org acme kim@acme.example owner
  cowork member disable --org acme kim@acme.example

These commands work on the database itself, with the rights of its operator; the audit log names them as the actor cli. A
running cloud heeds them at once. A member is named by account or by e-mail address.";

/// List the members of an organisation, and change them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MemberArgs {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    List(list::ListArgs),
    Add(add::AddArgs),
    SetRole(change::SetRoleArgs),
    /// Take a member out: tokens, browser sessions and open streams end at once.
    Disable(change::StatusArgs),
    /// Let a member take part again; what was revoked stays revoked.
    Enable(change::StatusArgs),
}

pub(super) async fn run(args: MemberArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        MemberCommand::List(list) => list::run(list).await,
        MemberCommand::Add(add) => add::run(add).await,
        MemberCommand::SetRole(args) => change::set_role(args).await,
        MemberCommand::Disable(args) => change::disable(args).await,
        MemberCommand::Enable(args) => change::enable(args).await,
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Owner,
    Admin,
    Member,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Owner => Self::Owner,
            RoleArg::Admin => Self::Admin,
            RoleArg::Member => Self::Member,
        }
    }
}

/// Who the audit log says it was.
fn mandate() -> Mandate {
    Mandate::operator("cli", Clock.nonce(), Clock.now())
}

/// The member whom somebody names by account or address.
async fn find(store: &Store, org: &OrgId, name: &str) -> anyhow::Result<MemberRecord> {
    let found = store.member(org, name.trim()).await.context("the members cannot be read")?;
    found.with_context(|| format!("{org} has no member {name}; cowork member list --org {org} shows those that it has"))
}

fn print(member: &MemberRecord, output: Output) -> anyhow::Result<()> {
    match output {
        Output::Json => output::print_json(&json!({ "member": member })),
        Output::Table => output::print(&table(std::slice::from_ref(member))),
    }
}

/// One line per member.
fn table(members: &[MemberRecord]) -> String {
    let mut table = output::table(&["ACCOUNT", "EMAIL", "ROLE", "CUSTOM ROLE", "STATUS", "SINCE"]);
    for member in members {
        let role = member.custom_role_key.clone().unwrap_or_else(|| "-".to_owned());
        table.add_row([
            member.account_id.as_str().escape_default().to_string(),
            if member.email.is_empty() { "-".to_owned() } else { member.email.escape_default().to_string() },
            member.role.as_str().to_owned(),
            role,
            member.status.as_str().to_owned(),
            member.created_at.to_string(),
        ]);
    }
    table.trim_fmt()
}
