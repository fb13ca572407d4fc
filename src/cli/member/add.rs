//! `cowork member add`.

use super::{RoleArg, mandate, print};
use crate::cli::{ExitCode, database::open, output::Output, settings::SettingArgs};
use anyhow::{Context, bail, ensure};
use clap::Args;
use cowork_domain::{
    ids::{OrgId, UserId},
    membership::{Invitee, MemberRecord},
    principal::Role,
};
use cowork_store::{MemberError, Store};

const EXAMPLES: &str = "\
Examples:
  cowork member add --org acme kim@acme.example --as admin
  cowork member add --org acme 4f1c2d…

Exit codes:
  0  the member is there
  1  there is no such organisation, or it has this member already
  2  wrong usage or configuration";

/// Make somebody a member, without an invitation.
///
/// By e-mail address, the first login that proves the address gets the membership; by account, whoever the identity provider or
/// the proxy names so.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AddArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// E-mail address, or account.
    #[arg(value_name = "EMAIL|ACCOUNT")]
    who: String,
    /// What they are.
    #[arg(long = "as", id = "member_role", value_name = "ROLE", value_enum, default_value = "member")]
    role: RoleArg,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn run(args: AddArgs) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let added = add(&database.store, &OrgId::new(args.org), args.who.trim(), args.role.into()).await;
    database.close().await;
    print(&added?, args.output)?;
    Ok(ExitCode::Success)
}

async fn add(store: &Store, org: &OrgId, who: &str, role: Role) -> anyhow::Result<MemberRecord> {
    ensure!(!who.is_empty(), "give an e-mail address or an account");
    if store.member(org, who).await.context("the members cannot be read")?.is_some() {
        bail!("{who} is a member of {org} already; cowork member set-role and enable change that");
    }
    let added = if who.contains('@') {
        store.add_member(org, &Invitee::new(who, role).with_context(|| format!("\"{who}\""))?, &mandate()).await
    } else {
        store.add_account(org, &UserId::new(who), role, &mandate()).await
    };
    match added {
        Err(MemberError::NotFound) => bail!("there is no organisation {org}; cowork org create makes one"),
        added => added.with_context(|| format!("{who} cannot be added")),
    }
}
