//! `cowork member set-role`, `disable` and `enable`.

use super::{RoleArg, find, mandate, print};
use crate::cli::{ExitCode, database::open, output::Output, settings::SettingArgs};
use anyhow::Context;
use clap::Args;
use cowork_domain::{
    ids::OrgId,
    membership::{MemberChange, MemberRecord},
    signup::MemberStatus,
};
use cowork_store::Store;

/// Change a member's built-in role. Whoever loses permissions by it loses all tokens, and open streams end.
#[derive(Debug, Args)]
pub(super) struct SetRoleArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// E-mail address, or account.
    #[arg(value_name = "EMAIL|ACCOUNT")]
    who: String,
    /// What they are from now on.
    #[arg(id = "member_role", value_name = "ROLE", value_enum)]
    role: RoleArg,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The organisation.
    #[arg(long, value_name = "ID")]
    org: String,
    /// E-mail address, or account.
    #[arg(value_name = "EMAIL|ACCOUNT")]
    who: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) async fn set_role(args: SetRoleArgs) -> anyhow::Result<ExitCode> {
    let SetRoleArgs { org, who, role, output, settings } = args;
    let change = MemberChange { role: Some(role.into()), ..MemberChange::default() };
    change_member(StatusArgs { org, who, output, settings }, change).await
}

pub(super) async fn disable(args: StatusArgs) -> anyhow::Result<ExitCode> {
    change_member(args, MemberChange { status: Some(MemberStatus::Disabled), ..MemberChange::default() }).await
}

pub(super) async fn enable(args: StatusArgs) -> anyhow::Result<ExitCode> {
    change_member(args, MemberChange { status: Some(MemberStatus::Active), ..MemberChange::default() }).await
}

async fn change_member(args: StatusArgs, change: MemberChange) -> anyhow::Result<ExitCode> {
    let (database, _) = open(args.settings).await?;
    let changed = changed(&database.store, &OrgId::new(args.org), &args.who, change).await;
    database.close().await;
    print(&changed?, args.output)?;
    Ok(ExitCode::Success)
}

async fn changed(store: &Store, org: &OrgId, who: &str, change: MemberChange) -> anyhow::Result<MemberRecord> {
    let account = find(store, org, who).await?.account_id;
    // Whoever types a command has named the member already.
    let change = MemberChange { confirm: Some(account.to_string()), ..change };
    store.change_member(org, &account, &change, &mandate()).await.with_context(|| format!("{who} stays as they are"))
}
